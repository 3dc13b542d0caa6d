import HTTPAPI
import LatchkeyCore
import Testing

/// A right request with one member that nests so deep that the whole is `depth` deep.
private func nested(_ depth: Int) -> String {
    let brackets = String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
    return #"{"api_key":"k","api_secret":"s","x":"# + brackets + "}"
}

@Suite("A request for a token")
struct TokenRequestTests {
    @Test("is an API key, a secret and perhaps a user", arguments: [
        (#"{"api_key":"k","api_secret":"s"}"#, nil),
        (#"{"api_key":"k","api_secret":"s","taiki_user_id":null}"#, nil),
        (#"{"api_key":"k","api_secret":"s","taiki_user_id":""}"#, nil),
        (#"{"taiki_user_id":"u","api_secret":"s","api_key":"k"}"#, "u"),
        (#" { "api_key" : "\u006b" , "\u0061pi_secret" : "s" , "taiki_user_id" : "u" } "#, "u"),
        (#"{"api_key":"k","api_secret":"s","API_KEY":1,"role":"admin","exp":9,"mode":"sandbox"}"#, nil),
    ])
    func accepted(body: String, userID: String?) throws {
        let desk = Desk()
        let answer = desk.issue(body)
        #expect(answer.status == 200 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == #"{"access_token":"header.claims.signature","taiki_user_id":"\#(Desk.user.uuid)"}"#)
        let request = try #require(desk.tokenRequests.first)
        #expect(request.apiKey == "k" && request.apiSecret == "s" && request.userID == userID)
        #expect(request.mode == .production && request.idempotencyKey == nil && request.requestID == Desk.requestID)
    }

    @Test("is of the mode that nginx says", arguments: Mode.allCases)
    func mode(mode: Mode) {
        let desk = Desk()
        var request = Desk.issue()
        request.mode = mode
        _ = desk.respond(to: request)
        #expect(desk.tokenRequests.map(\.mode) == [mode])
    }

    @Test("keeps every character of a secret", arguments: [
        ("lk_live_x ", "lk_live_x "), (#"\u00e9\n\t\"\\\/"#, "\u{e9}\n\t\"\\/"), (#"\ud83d\ude00"#, "\u{1f600}"),
        ("e\u{301}", "e\u{301}"), ("\u{e9}", "\u{e9}"),
    ])
    func secret(text: String, secret: String) {
        let desk = Desk()
        _ = desk.issue(#"{"api_key":"k","api_secret":"\#(text)"}"#)
        #expect(desk.tokenRequests.map { Array($0.apiSecret.utf8) } == [Array(secret.utf8)])
    }

    @Test("without a key or a secret says so", arguments: [
        "", "{}", #"{"api_key":"k"}"#, #"{"api_secret":"s"}"#, #"{"api_key":"","api_secret":"s"}"#,
        #"{"api_key":"k","api_secret":""}"#, #"{"api_key":null,"api_secret":"s"}"#,
        #"{"api_key":"k","api_secret":null}"#, #"{"Api_Key":"k","api_secret":"s"}"#, #"{"taiki_user_id":"u"}"#,
    ])
    func missing(body: String) {
        expectRefusal(of: body, "No API key or API secret provided", reason: "missing_credentials")
    }

    @Test("with a member of the wrong type says which", arguments: [
        (#"{"api_key":1,"api_secret":"s"}"#, "api_key"), (#"{"api_key":true}"#, "api_key"),
        (#"{"api_key":["k"],"api_secret":"s"}"#, "api_key"), (#"{"api_key":"k","api_secret":{}}"#, "api_secret"),
        (#"{"api_key":"","api_secret":0}"#, "api_secret"),
        (#"{"api_key":"k","api_secret":"s","taiki_user_id":1}"#, "taiki_user_id"),
        (#"{"taiki_user_id":false}"#, "taiki_user_id"), (#"{"api_key":1,"api_secret":2}"#, "api_key"),
    ])
    func wrongType(body: String, member: String) {
        expectRefusal(of: body, "\(member) must be a string", reason: "wrong_member_type")
    }

    @Test("that is no JSON object says what is wrong with it", arguments: [
        ("{", "The JSON is not valid: unexpected content at byte 1"),
        ("api_key=k", "The JSON is not valid: unexpected content at byte 0"),
        ("\u{feff}{}", "The JSON is not valid: unexpected content at byte 0"),
        (#"{"api_key":"k"}x"#, "The JSON is not valid: unexpected content at byte 15"),
        ("[]", "The JSON must be an object"),
        ("null", "The JSON must be an object"),
        (#""{}""#, "The JSON must be an object"),
        (#"{"api_key":"k","api_key":"k"}"#, #"The JSON member \"api_key\" is given more than once"#),
        (#"{"x":{"a":1,"\u0061":2}}"#, #"The JSON member \"a\" is given more than once"#),
        (#"{"api_key":"\u0000"}"#, "A JSON string holds a NUL character at byte 12"),
        (#"{"api_key":"\ud800"}"#, "A JSON string holds half of a surrogate pair at byte 12"),
        (nested(17), "The JSON is nested too deeply"),
    ])
    func notJSON(body: String, sentence: String) {
        expectRefusal(of: body, sentence, reason: "invalid_json")
    }

    @Test("may nest 16 deep")
    func deepest() {
        #expect(Desk().issue(nested(16)).status == 200)
    }

    @Test("that is not UTF-8 is refused", arguments: [
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82],
    ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let body = Array(#"{"api_key":"k","api_secret":"s","x":""#.utf8) + bytes + Array(#""}"#.utf8)
        let answer = Desk().respond(to: Desk.issue(body))
        #expect(answer.status == 400 && answer.response.reason == "invalid_json")
    }

    @Test("may have a body of 16 KiB and no more")
    func size() {
        let head = #"{"api_key":"k","api_secret":"s","x":""#
        func body(_ count: Int) -> [UInt8] {
            Array((head + String(repeating: "x", count: count - head.utf8.count - 2) + #""}"#).utf8)
        }
        #expect(body(Request.maximumBodyBytes).count == 16_384)
        #expect(Desk().respond(to: Desk.issue(body(16_384))).status == 200)
        #expect(Desk().respond(to: Desk.issue(body(16_385))).status == 400, "not the adapter's doing, and yet refused")
        var request = Desk.issue()
        request.body = .tooLarge
        let answer = Desk().respond(to: request)
        #expect(answer.status == 413 && answer.response.reason == "body_too_large")
        #expect(answer.body == """
            {"error":"payload_too_large","error_description":"The body is larger than 16384 bytes"}
            """)
        request.path = .init(Route.taikiVerifyToken.path)
        #expect(Desk().respond(to: request).body == #"{"detail":"Request body exceeded the maximum of 16384 bytes."}"#)
    }

    @Test("with a body of another length than announced does nothing", arguments: ["/api/token", "/api/verify-token"])
    func lengthMismatch(path: String) {
        let desk = Desk()
        var request = Desk.verify()
        request.path = .init(path)
        request.body = .lengthMismatch
        let answer = desk.respond(to: request)
        #expect(answer.status == 400 && answer.response.reason == "body_length_mismatch")
        #expect(answer.body.contains("The body is not as long as Content-Length says"))
        #expect(desk.tokenRequests.isEmpty && desk.verified.isEmpty)
    }

    private func expectRefusal(of body: String, _ sentence: String, reason: String) {
        let desk = Desk()
        let answer = desk.issue(body)
        #expect(answer.status == 400 && answer.response.reason == reason && answer.response.headers.isEmpty)
        #expect(answer.body == #"{"error":"invalid_request","error_description":"\#(sentence)"}"#)
        #expect(desk.tokenRequests.isEmpty)
    }
}

@Suite("An Idempotency-Key")
struct IdempotencyKeyTests {
    private func answer(_ field: Request.Field, _ desk: Desk) -> Responder.Answer {
        var request = Desk.issue()
        request.idempotencyKey = field
        return desk.respond(to: request)
    }

    @Test("is 1 to 255 visible ASCII characters", arguments: [
        "k", "!", "~", "a,b", "\"quoted\"", "0195-8c8a", String(repeating: "k", count: 255),
    ])
    func accepted(key: String) {
        let desk = Desk()
        #expect(answer(.init(key), desk).status == 200)
        #expect(desk.tokenRequests.map(\.idempotencyKey) == [key])
    }

    @Test("is nothing else", arguments: [
        "", " ", "two words", "k ", "\tk", "\u{e9}", "\u{20ac}", String(repeating: "k", count: 256),
        String(repeating: "k", count: 300),
    ])
    func refused(key: String) {
        let desk = Desk()
        let answer = answer(.init(key), desk)
        #expect(answer.status == 400 && answer.response.reason == "invalid_idempotency_key")
        #expect(answer.body == """
            {"error":"invalid_request",\
            "error_description":"Idempotency-Key must be 1 to 255 visible ASCII characters"}
            """)
        #expect(desk.tokenRequests.isEmpty)
    }

    @Test("holds these bytes and no others")
    func everyByte() {
        for byte in UInt8.min...UInt8.max {
            var field = Request.Field("k")
            field.value.append(byte)
            #expect(answer(field, Desk()).status == ((0x21...0x7E).contains(byte) ? 200 : 400), "byte \(byte)")
        }
    }

    @Test("comes once or not at all", arguments: [2, 3])
    func twice(times: Int) {
        #expect(answer(.init("k", times: times), Desk()).response.reason == "invalid_idempotency_key")
    }

    @Test("is of no interest to verify")
    func verify() {
        var request = Desk.verify()
        request.idempotencyKey = .init("two words", times: 2)
        #expect(Desk().respond(to: request).status == 200)
    }
}
