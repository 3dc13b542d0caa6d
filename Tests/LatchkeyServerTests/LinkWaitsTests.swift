import Glibc
import LatchkeyCore
import Synchronization
import Testing
import WireFormats

@testable import FastCGI
@testable import LatchkeyServer

/// The database, as far as anybody waits for it.
private final class Attempts: Sendable {
    private struct State {
        var changed: Set<LinkAttempt.ID> = []
        var asked: [[LinkWait]] = []
    }

    private let state = Mutex(State())

    func change(_ attempt: LinkAttempt.ID) {
        state.withLock { _ = $0.changed.insert(attempt) }
    }

    func changed(among waits: [LinkWait]) -> Set<LinkAttempt.ID> {
        state.withLock { state in
            state.asked.append(waits)
            return state.changed.intersection(waits.map(\.attempt))
        }
    }

    /// What was asked, in order.
    var asked: [[LinkWait]] { state.withLock { $0.asked } }
}

@Suite("What waits for a change")
struct LinkWaitsTests {
    private let place: ParkingPlace
    private let attempts = Attempts()

    init() throws {
        place = try ParkingPlace()
    }

    private func waits(longest: Duration = .seconds(30)) throws -> LinkWaits {
        try LinkWaits(longest: longest) { [attempts] in { attempts.changed(among: $0) } }
    }

    private func wait(_ number: UInt64, seen: LinkAttempt.Status = .waiting) -> LinkWait {
        LinkWait(attempt: LinkAttempt.ID(UUID(high: 0, low: number)), seen: seen)
    }

    /// - Returns: whether it came true in time.
    private func soon(_ condition: () -> Bool) -> Bool {
        for _ in 0..<5000 where !condition() { usleep(1000) }
        return condition()
    }

    @Test("is resumed when it has changed, and nothing else is")
    func change() throws {
        let waits = try waits()
        let parked = try (0..<3).map { _ in try place.park() }
        let asked = [wait(1), wait(2, seen: .working), wait(1, seen: .working)]
        for (wait, exchange) in zip(asked, parked) { waits.add(wait, exchange) }
        #expect(soon { attempts.asked.contains(asked) })
        #expect(parked.allSatisfy { $0.isWaiting })
        attempts.change(wait(1).attempt)
        #expect(soon { !parked[0].isWaiting && !parked[2].isWaiting })
        #expect(parked[1].isWaiting)
        #expect(soon { attempts.asked.last == [asked[1]] }, "those who have been resumed are asked for no more")
    }

    @Test("is resumed when its time is over")
    func deadline() throws {
        let waits = try waits(longest: .milliseconds(600))
        let start = ContinuousClock.now
        let exchange = try place.park()
        waits.add(wait(1), exchange)
        #expect(soon { !exchange.isWaiting })
        #expect(start.duration(to: .now) >= .milliseconds(600))
        #expect(!attempts.asked.isEmpty)
    }

    @Test("is forgotten when its peer has gone, and the database is asked only while somebody waits")
    func gone() throws {
        let waits = try waits()
        for number in 1...UInt64(3) {
            let exchange = try place.park()
            waits.add(wait(number), exchange)
            #expect(soon { attempts.asked.last == [wait(number)] })
            #expect(place.exchanges.take(exchange.tag) != nil)
            // It may be asked about once more, where the question was on its way.
            let isQuiet = (0..<5).contains { _ in
                let count = attempts.asked.count
                usleep(600_000)
                return attempts.asked.count == count
            }
            #expect(isQuiet)
        }
    }
}
