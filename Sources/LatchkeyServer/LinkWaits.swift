internal import Dispatch
internal import FastCGI
internal import Glibc
internal import LatchkeyCore
internal import Synchronization

/// The parked requests that wait for a change of an attempt. One thread asks the database for all of them.
final class LinkWaits: Sendable {
    /// Which attempts are not as they were seen, or are gone.
    typealias Question = (_ among: [LinkWait]) -> Set<LinkAttempt.ID>

    private struct Waiting {
        let wait: LinkWait
        let exchange: ParkedExchange
        let deadline: ContinuousClock.Instant
    }

    private let longest: Duration
    private let waiting = Mutex<[Waiting]>([])
    private let isWanted = DispatchSemaphore(value: 0)

    /// In microseconds: a user hardly notices it.
    private static let pause: UInt32 = 250_000

    /// - Parameters:
    ///   - longest: how long a request waits at most. nginx waits for somewhat longer.
    ///   - makeQuestion: called once on the thread.
    init(
        longest: Duration = .seconds(25), makeQuestion: @escaping @Sendable () -> Question
    ) throws(FastCGIError) {
        self.longest = longest
        try ServiceThread.start("link-waits") { [self] in
            let question = makeQuestion()
            while true {
                isWanted.wait()
                while resumeWhatMay(question) { usleep(Self.pause) }
            }
        }
    }

    func add(_ wait: LinkWait, _ exchange: ParkedExchange) {
        let wasEmpty = waiting.withLock { waiting in
            waiting.append(Waiting(wait: wait, exchange: exchange, deadline: .now + longest))
            return waiting.count == 1
        }
        if wasEmpty { isWanted.signal() }
    }

    /// - Returns: false when nobody waits any more.
    private func resumeWhatMay(_ changed: Question) -> Bool {
        // Whoever has been resumed, or whose peer has gone, is forgotten here.
        let all = waiting.withLock { waiting in
            waiting.removeAll { !$0.exchange.isWaiting }
            return waiting
        }
        guard !all.isEmpty else { return false }
        let now = ContinuousClock.now
        // Before the database is asked, which may take its time.
        for one in all where one.deadline <= now { one.exchange.resume() }
        let left = all.filter { $0.deadline > now }
        guard !left.isEmpty else { return true }
        let attempts = changed(left.map(\.wait))
        for one in left where attempts.contains(one.wait.attempt) { one.exchange.resume() }
        return true
    }
}
