import HTTPAPI
import HTTPTypes
import JOSE
import LatchkeyCore
import Testing

/// The desk's clock stands still, so the time of a request says how long it has waited.
@Suite("A request that has waited")
struct WaitingTests {
    private static let now = Desk.milliseconds

    /// What becomes of a request that nginx had so many milliseconds ago.
    private func answer(_ request: Request, waited: Int64?, desk: Desk = Desk()) -> Responder.Answer {
        var request = request
        request.receivedAt = waited.map { Self.now - $0 }
        return desk.respond(to: request)
    }

    @Test("for a second is answered, and for longer refused without asking anybody", arguments: [
        (0, true), (1, true), (999, true), (1000, true), (1001, false), (1900, false), (10_000, false),
    ] as [(Int64, Bool)])
    func longest(waited: Int64, isAnswered: Bool) {
        for request in [Desk.issue(), Desk.verify()] {
            let desk = Desk()
            let answer = answer(request, waited: waited, desk: desk)
            #expect(answer.status == (isAnswered ? 200 : 503))
            #expect(answer.response.reason == (isAnswered ? nil : "waited_too_long"))
            #expect(desk.tokenRequests.count + desk.verified.count == (isAnswered ? 1 : 0))
        }
    }

    @Test("is refused in the words of its dialect, with Retry-After", arguments: [
        ("/api/token", """
            {"error":"temporarily_unavailable",\
            "error_description":"The service is temporarily unavailable, try again later"}
            """),
        ("/api/verify-token", #"{"detail":"Service temporarily unavailable, try again later."}"#),
    ])
    func words(path: String, body: String) {
        let answer = answer(Desk.post(path, []), waited: 1001)
        #expect(answer.status == 503 && answer.body == body && answer.header(.retryAfter) == "1")
    }

    @Test("is refused before its body is looked at")
    func badBody() {
        #expect(answer(Desk.issue(Array("{".utf8)), waited: 1001).status == 503)
    }

    @Test("for a time that cannot be is answered: the clock was set, or nginx did not say", arguments: [
        nil, -1, -1000, 10_001, 3_600_000, Desk.milliseconds,
    ] as [Int64?])
    func clock(waited: Int64?) {
        let desk = Desk()
        #expect(answer(Desk.issue(), waited: waited, desk: desk).status == 200)
        #expect(answer(Desk.verify(), waited: waited, desk: desk).status == 200)
        #expect(desk.tokenRequests.map(\.waited) == [.zero])
    }

    @Test("leaves the database the less time")
    func database() {
        let desk = Desk()
        for waited in [0, 1, 499] as [Int64] { _ = answer(Desk.issue(), waited: waited, desk: desk) }
        #expect(desk.tokenRequests.map(\.waited) == [.zero, .milliseconds(1), .milliseconds(499)])
    }

    @Test("may wait for as long as the operator says", arguments: [(10, 200), (11, 503)] as [(Int64, Int)])
    func setting(waited: Int64, status: Int) {
        let desk = Desk(longestWait: .milliseconds(10))
        #expect(answer(Desk.issue(), waited: waited, desk: desk).status == status)
    }

    @Test("for half a minute is believed where uploads may wait for as long", arguments: [
        (29_999, 201), (30_001, 503), (65_000, 503), (300_001, 201),
    ] as [(Int64, Int)])
    func uploads(waited: Int64, status: Int) {
        let desk = Desk(longestWait: .seconds(30))
        #expect(answer(Desk.upload(), waited: waited, desk: desk).status == status)
    }
}
