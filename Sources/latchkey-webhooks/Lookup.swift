import FastCGI
import LatchkeyCore
import NameService
import Synchronization

/// Asks for a host's addresses with a deadline, which the C library does not know: each question has a thread of its
/// own, and whoever asked does not wait longer than the deadline.
final class Lookup: Sendable {
    /// Threads that still wait for a resolver, those included that nobody waits for any more.
    private let underWay = Atomic<Int>(0)
    private let limit: Int

    /// - Parameter limit: how many questions may be under way; one more fails at once.
    init(limit: Int) {
        self.limit = limit
    }

    func addresses(
        of name: String, until deadline: ContinuousClock.Instant
    ) async throws(WebhookFailure) -> [IPAddress] {
        guard underWay.add(1, ordering: .relaxed).newValue <= limit else {
            underWay.subtract(1, ordering: .relaxed)
            throw .timeout
        }
        let answer = OneAnswer()
        do throws(FastCGIError) {
            try ServiceThread.start("lookup") { [self] in
                answer.give(HostLookup.addresses(of: name).compactMap(IPAddress.init(bytes:)))
                underWay.subtract(1, ordering: .relaxed)
            }
        } catch {
            underWay.subtract(1, ordering: .relaxed)
            throw .failed
        }
        let clock = Task {
            try? await Task.sleep(until: deadline, clock: .continuous)
            answer.give(nil)
        }
        defer { clock.cancel() }
        guard let addresses = await answer.wait() else { throw .timeout }
        guard !addresses.isEmpty else { throw .nameNotFound }
        return addresses
    }
}

/// Carries the first of two answers to whoever waits.
private final class OneAnswer: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<[IPAddress]?, Never>)
        case given([IPAddress]?)
    }

    private let state = Mutex(State.open)

    func give(_ answer: [IPAddress]?) {
        let waiting = state.withLock { state -> CheckedContinuation<[IPAddress]?, Never>? in
            if case .given = state { return nil }
            defer { state = .given(answer) }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(returning: answer)
    }

    func wait() async -> [IPAddress]? {
        await withCheckedContinuation { continuation in
            let given = state.withLock { state -> [IPAddress]?? in
                if case .given(let answer) = state { return .some(answer) }
                state = .awaited(continuation)
                return nil
            }
            if let given { continuation.resume(returning: given) }
        }
    }
}
