import Testing

@testable import LatchkeyCore

@Suite("The availability of the database")
struct DatabaseAvailabilityTests {
    /// How many of 64 that ask one after the other may try.
    private func admitted(_ availability: DatabaseAvailability, taking deadline: Duration = .seconds(10)) -> Int {
        (0..<64).count { _ in availability.mayTry(taking: deadline) }
    }

    @Test("lets everybody try as long as nothing has failed")
    func healthy() {
        let availability = DatabaseAvailability()
        #expect(admitted(availability) == 64)
        availability.succeeded()
        #expect(admitted(availability) == 64)
    }

    @Test("lets nobody try right after a failure, and one at a time after the pause")
    func oneProber() async throws {
        let availability = DatabaseAvailability()
        // Half a second at least by now, which a busy machine is not late by.
        for _ in 0..<5 { availability.failed() }
        #expect(admitted(availability) == 0)
        try await Task.sleep(for: .milliseconds(1010))
        #expect(admitted(availability) == 1)
        #expect(admitted(availability) == 0, "the one that tries is not done")
        availability.failed()
        #expect(admitted(availability) == 0)
        try await Task.sleep(for: .milliseconds(1010))
        #expect(admitted(availability) == 1)
    }

    @Test("lets one of many threads try that ask at the same moment")
    func oneThread() async throws {
        let rounds = (0..<1000).map { _ in (database: DatabaseAvailability(), gate: Gate(for: 4)) }
        for round in rounds { round.database.failed() }
        try await Task.sleep(for: .milliseconds(110))
        let admitted = Counter()
        onThreads(4) { _ in
            for (database, gate) in rounds {
                gate.pass()
                if database.mayTry(taking: .seconds(60)) { _ = admitted.next() }
            }
        }
        #expect(admitted.next() == 1001)
    }

    @Test("lets another one try when the one that tried is not heard of until its deadline")
    func lostProber() async throws {
        let availability = DatabaseAvailability()
        availability.failed()
        try await Task.sleep(for: .milliseconds(110))
        #expect(admitted(availability, taking: .seconds(1)) == 1)
        try await Task.sleep(for: .milliseconds(1010))
        #expect(admitted(availability, taking: .seconds(1)) == 1)
    }

    @Test("lets everybody try again after the first success, and counts failures from one again")
    func recovery() async throws {
        let availability = DatabaseAvailability()
        for _ in 0..<10 { availability.failed() }
        availability.succeeded()
        #expect(admitted(availability) == 64)
        availability.failed()
        try await Task.sleep(for: .milliseconds(110))
        #expect(admitted(availability) == 1)
    }

    @Test("pauses twice as long after each failure, up to a second, and of that a random half to whole", arguments: [
        (0, 100), (1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (6, 1000), (60, 1000), (100_000, 1000),
    ])
    func pause(failures: Int, milliseconds: Int) {
        let pauses = (0..<1000).map { _ in DatabaseAvailability.pause(after: failures) }
        let longest = Duration.milliseconds(milliseconds)
        #expect(pauses.allSatisfy { $0 >= longest / 2 && $0 <= longest })
        #expect(pauses.contains { $0 < longest * 0.6 } && pauses.contains { $0 > longest * 0.9 })
    }
}
