import HTTPTypes
import LatchkeyCore
import Testing

@testable import HTTPAPI

@Suite("A request for a token that opens the modal")
struct InitializeTokenTests {
    private static let wrong = #"{"error":"Invalid secret or user ID"}"#

    @Test("is a secret and a URL, and answered in both spellings", arguments: Mode.allCases)
    func newUser(mode: Mode) throws {
        let desk = Desk()
        var request = Desk.initialize()
        request.mode = mode
        let answer = desk.respond(to: request)
        #expect(answer.status == 200 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == """
            {"id":7,"temporaryToken":"header.claims.signature","userId":"\(Desk.user.uuid)",\
            "TEMPORARY_TOKEN":"header.claims.signature","TAIKI_USER_ID":"\(Desk.user.uuid)"}
            """)
        let asked = try #require(desk.initializations.first)
        #expect(asked.mode == mode && asked.secret == "lk_live_secret" && asked.userID == nil)
        #expect(asked.webhookURL?.text == "https://app.example/hooks" && asked.requestID == Desk.requestID)
    }

    @Test("for a known user answers his id once")
    func knownUser() {
        let desk = Desk()
        var request = Desk.initialize()
        request.taikiUserID = .init("some-id")
        #expect(desk.respond(to: request).body.hasSuffix("""
            "userId":"\(Desk.user.uuid)","TEMPORARY_TOKEN":"header.claims.signature","TAIKI_USER_ID":""}
            """))
        #expect(desk.initializations.map(\.userID) == ["some-id"])
    }

    @Test("of an empty user id is for a new one")
    func emptyUser() {
        let desk = Desk()
        var request = Desk.initialize()
        request.taikiUserID = .init("")
        #expect(desk.respond(to: request).body.hasSuffix(#""TAIKI_USER_ID":"\#(Desk.user.uuid)"}"#))
        #expect(desk.initializations.map(\.userID) == [nil])
    }

    @Test("without exactly one secret or user id goes the way of a wrong one")
    func headers() {
        let desk = Desk()
        desk.refusal = Refusal(.invalidClient, reason: "unknown_secret")
        for (secret, user) in [
            (Request.Field(), Request.Field()), (.init(""), .init()), (.init("lk_live_secret", times: 2), .init()),
            (.init("lk_live_secret"), .init("some-id", times: 2)),
        ] as [(Request.Field, Request.Field)] {
            var request = Desk.initialize()
            (request.taikiSecret, request.taikiUserID) = (secret, user)
            let answer = desk.respond(to: request)
            #expect(answer.status == 401 && answer.body == Self.wrong && answer.response.headers.isEmpty)
        }
        // The domain looks all of them up; "" is no secret and no id.
        #expect(desk.initializations.map(\.secret) == ["", "", "", "lk_live_secret"])
        #expect(desk.initializations.map(\.userID) == [nil, nil, nil, ""])
    }

    @Test("takes no secret of another header")
    func otherHeader() {
        let desk = Desk()
        var request = Desk.initialize()
        request.taikiSecret.clear()
        request.authorization = .init("Bearer lk_live_secret")
        _ = desk.respond(to: request)
        #expect(desk.initializations.map(\.secret) == [""])
    }

    @Test("does not tell one wrong credential from another", arguments: [
        "unknown_secret", "expired_secret", "wrong_mode", "disabled_app", "unknown_user", "erased_user",
        "malformed_user_id",
    ])
    func indistinguishable(reason: String) {
        let desk = Desk()
        desk.refusal = Refusal(.invalidClient, reason: reason)
        let answer = desk.respond(to: Desk.initialize())
        #expect(answer.status == 401 && answer.body == Self.wrong && answer.response.headers.isEmpty)
    }

    @Test("without a URL is for that of the client app", arguments: [
        "", "{}", #"{"webhookURL":null}"#, #"{"webhookURL":""}"#, #"{"webhookUrl":"https://10.0.0.1/"}"#,
    ])
    func noURL(body: String) {
        let desk = Desk()
        #expect(desk.respond(to: Desk.initialize(body)).status == 200)
        #expect(desk.initializations.map { $0.webhookURL == nil } == [true])
        desk.refusal = Refusal(.noWebhookURL, reason: "no_webhook_url", clientApp: Desk.app)
        let answer = desk.respond(to: Desk.initialize(body))
        #expect(answer.status == 400 && answer.response.clientApp == Desk.app)
        #expect(answer.body == """
            {"error":"Invalid request",\
            "error_description":"No webhookURL provided, and the client app has none of its own"}
            """)
    }

    @Test("says what is wrong with a URL, and asks nobody", arguments: [
        ("1", "webhookURL must be a string", "wrong_member_type"),
        (#"["https://app.example/"]"#, "webhookURL must be a string", "wrong_member_type"),
        (#""app.example""#,
         "webhookURL must be a URL of at most 2048 bytes of ASCII, without a user name or a fragment",
         "invalid_webhook_url"),
        (#""http://app.example/""#, "webhookURL must be an https URL", "invalid_webhook_url"),
        (#""https://10.0.0.1/""#, "webhookURL must be an https URL of a public host", "invalid_webhook_url"),
    ])
    func badURL(url: String, sentence: String, reason: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.initialize(#"{"webhookURL":\#(url)}"#))
        #expect(answer.status == 400 && answer.response.reason == reason && desk.asked == 0)
        #expect(answer.body == #"{"error":"Invalid request","error_description":"\#(sentence)"}"#)
    }

    @Test("may name what the operator allows")
    func allowed() {
        let body = #"{"webhookURL":"http://localhost:8080/hooks"}"#
        #expect(Desk().respond(to: Desk.initialize(body)).status == 400)
        #expect(Desk(allowed: "127.0.0.0/8").respond(to: Desk.initialize(body)).status == 200)
    }

    @Test("of another form is invalid, and no more is said", arguments: ["{", "[]", #"{"a":1,"a":1}"#, "x", "\u{0}"])
    func notJSON(body: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.initialize(body))
        #expect(answer.status == 400 && answer.body == #"{"error":"Invalid request"}"# && desk.asked == 0)
    }

    @Test("may be plain text in UTF-8, as fetch() sends it", arguments: [
        ("text/plain;charset=UTF-8", 200), ("text/plain", 200), ("Text/Plain; Charset=\"utf-8\"", 200),
        ("application/json", 200), ("text/plain; charset=utf-16", 415), ("text/html", 415), ("text/plainer", 415),
    ])
    func plainText(type: String, status: Int) {
        var request = Desk.initialize()
        request.contentType = .init(type)
        #expect(Desk().respond(to: request).status == status)
        request.contentType = .init(type, times: 2)
        #expect(Desk().respond(to: request).status == 415)
    }

    @Test("is the only one that may be plain text", arguments: Route.allCases)
    func otherRoutes(route: Route) {
        var request = Desk.request(for: route)
        guard case .bytes = request.body, route != .quickStartInitializeToken else { return }
        request.body = .bytes(Array("{}".utf8))
        request.contentType = .init("text/plain;charset=UTF-8")
        #expect(Desk().respond(to: request).status == 415)
    }
}
