import Testing
import WireFormats

@testable import LatchkeyCore

@Suite("The schedule of webhooks")
struct WebhookScheduleTests {
    private let steady = WebhookSchedule(jitter: { 1 })
    private let queued = Fixture.now

    @Test("waits longer after each attempt", arguments: [
        (1, 30), (2, 120), (3, 600), (4, 3600), (5, 10800), (6, 21600), (7, 43200), (8, 43200), (100, 43200), (0, 30),
    ])
    func pauses(attempt: Int, seconds: Int64) {
        #expect(steady.pause(afterAttempt: attempt, queued: queued, now: queued) == .seconds(seconds))
    }

    @Test("tries for three days, the last time at their end")
    func lifetime() {
        var now = queued
        var attempts = 0
        while let pause = steady.pause(afterAttempt: attempts + 1, queued: queued, now: now), attempts < 100 {
            attempts += 1
            now = now + pause
        }
        #expect(now - queued == .seconds(3 * 86_400))
        // 7 in the first 22.2 hours, one each 12 hours after, one at the end.
        #expect(attempts == 12)
    }

    @Test("gives up once they are over")
    func end() {
        let almost = queued + .seconds(3 * 86_400 - 1)
        #expect(steady.pause(afterAttempt: 9, queued: queued, now: almost) == .seconds(10))
        #expect(steady.pause(afterAttempt: 9, queued: queued, now: almost + .seconds(1)) == nil)
        #expect(steady.pause(afterAttempt: 1, queued: queued, now: almost + .seconds(9999)) == nil)
    }

    @Test("spreads what failed together by a fifth either way")
    func jitter() throws {
        let pauses = try (0..<200).map { _ in
            try #require(WebhookSchedule().pause(afterAttempt: 4, queued: queued, now: queued))
        }
        #expect(pauses.allSatisfy { $0 >= .seconds(2880) && $0 <= .seconds(4320) })
        #expect(Set(pauses).count > 100)
        #expect((pauses.min() ?? .zero) < .seconds(3400) && (pauses.max() ?? .zero) > .seconds(3800))
    }

    @Test("leaves a receiver that failed alone for up to a minute", arguments: [
        (1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (50, 60),
    ])
    func receiver(failures: Int, seconds: Int64) {
        #expect(steady.pauseOfReceiver(afterFailures: failures) == .seconds(seconds))
    }
}

@Suite("What an answer means")
struct SettlementTests {
    private func settlement(_ answer: WebhookAnswer, after days: Int64 = 0, failures: Int = 0) -> Settlement {
        Settlement(
            answer, attempt: 1, failures: failures, queued: Fixture.now, now: Fixture.now + .seconds(days * 86_400),
            schedule: WebhookSchedule(jitter: { 1 }))
    }

    private let retry = Settlement.Outcome.retry(after: .seconds(30), receiverAfter: .seconds(5))

    @Test("2xx: it is delivered, however late", arguments: [200, 201, 202, 204, 299])
    func delivered(status: Int) {
        for days in [0, 4] as [Int64] {
            let settlement = settlement(.status(status), after: days)
            #expect(settlement.outcome == .delivered && settlement.status == status && settlement.error == nil)
        }
    }

    @Test("410: it is given up")
    func gone() {
        #expect(settlement(.status(410)).outcome == .dead)
    }

    @Test("everything else: it is tried again", arguments: [
        100, 101, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 411, 429, 500, 503, 999,
    ])
    func retry(status: Int) {
        let settlement = settlement(.status(status))
        #expect(settlement.outcome == retry && settlement.status == status)
        #expect(settlement.error == ((300..<400).contains(status) ? "redirect_not_followed" : nil))
        #expect(self.settlement(.status(status), after: 3).outcome == .dead)
    }

    @Test("a receiver that fails all the time is left alone for longer, whichever delivery it is")
    func longerPause() {
        #expect(settlement(.status(500), failures: 3).outcome
            == .retry(after: .seconds(30), receiverAfter: .seconds(40)))
    }

    @Test("no answer: the same, with a word that says why", arguments: [
        WebhookFailure.timeout, .noSecret, .forbiddenAddress, .unreadable, .tlsFailed,
    ])
    func failure(failure: WebhookFailure) {
        let settlement = settlement(.failure(failure))
        #expect(settlement.outcome == retry && settlement.status == nil && settlement.error == failure.rawValue)
        #expect(self.settlement(.failure(failure), after: 3).outcome == .dead)
    }
}
