import HTTPAPI
import HTTPTypes
import LatchkeyCore
import Testing

/// The rows are what SimpleJWT does with the same header, but for the scheme's case.
@Suite("The Authorization header of verify")
struct BearerTokenTests {
    @Test("is a scheme in any case, white space, and a token", arguments: [
        "Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEARER a.b.c", "Bearer    a.b.c", "Bearer\ta.b.c",
        "Bearer \t a.b.c", " Bearer a.b.c", "\tBearer a.b.c ", "Bearer a.b.c   ",
    ])
    func accepted(header: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.verify(header))
        #expect(desk.verified.map(\.token) == ["a.b.c"])
        #expect(answer.status == 200 && answer.response.headers.isEmpty && answer.response.reason == nil)
        #expect(answer.body == #"{"valid":true,"taiki_user":"\#(Desk.user.uuid)","client":"\#(Desk.app.uuid)"}"#)
        #expect(answer.response.clientApp == Desk.app)
    }

    @Test("hands on the token as it is", arguments: [
        "x", "a,b", "a.b.c.d", "\"a.b.c\"", "token=a.b.c", "\u{e9}", "Bearer",
        String(repeating: "x", count: 300),
    ])
    func anyToken(token: String) {
        let desk = Desk()
        #expect(desk.respond(to: Desk.verify("Bearer " + token)).status == 200)
        #expect(desk.verified.map(\.token) == [token])
    }

    @Test("is cut at these bytes and no others")
    func whiteSpace() {
        for byte in UInt8.min...UInt8.max {
            let desk = Desk()
            var request = Desk.verify("Bearer a")
            request.authorization.value += [byte, UInt8(ascii: "b")]
            let answer = desk.respond(to: request)
            let isWhiteSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
            #expect(answer.response.reason == (isWhiteSpace ? "bad_authorization_header" : nil), "byte \(byte)")
            #expect(desk.verified.count == (isWhiteSpace ? 0 : 1))
        }
    }

    @Test("in the mode of the base URL", arguments: Mode.allCases)
    func mode(mode: Mode) {
        let desk = Desk()
        var request = Desk.verify()
        request.mode = mode
        _ = desk.respond(to: request)
        #expect(desk.verified.map(\.mode) == [mode])
    }

    @Test("with no credentials of ours is 401 without an error code", arguments: [
        (nil, "no_authorization"), ("", "not_bearer"), (" ", "not_bearer"), ("\t", "not_bearer"),
        ("a.b.c", "not_bearer"), ("Basic dXNlcjpwYXNz", "not_bearer"), ("Bearer:a.b.c", "not_bearer"),
        ("Bearera.b.c", "not_bearer"), ("Bearer,a.b.c", "not_bearer"), ("Beare a.b.c", "not_bearer"),
        ("Bearers a.b.c", "not_bearer"), ("JWT a.b.c", "not_bearer"), ("APIKEY a.b.c", "not_bearer"),
        ("\u{a0}Bearer a.b.c", "not_bearer"), ("Bearer\u{a0}a.b.c", "not_bearer"), ("\"Bearer\" a.b.c", "not_bearer"),
        ("B\u{c5}arer a.b.c", "not_bearer"), ("Basic x, Bearer a.b.c", "not_bearer"),
    ] as [(String?, String)])
    func notAuthenticated(header: String?, reason: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.verify(header))
        #expect(answer.status == 401 && answer.response.reason == reason)
        #expect(answer.body == #"{"detail":"Authentication credentials were not provided."}"#)
        #expect(answer.header(.wwwAuthenticate) == #"Bearer realm="api""#)
        #expect(desk.verified.isEmpty)
    }

    @Test("of Bearer and not exactly one value is a bad header", arguments: [
        "Bearer", "bearer", "Bearer ", "Bearer \t ", "Bearer a.b.c d", "Bearer a b c d e f",
        "Bearer a.b.c, Bearer a.b.c", "Bearer a.b.c,Bearer a.b.c", "Bearer Bearer a.b.c",
    ])
    func badHeader(header: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.verify(header))
        #expect(answer.status == 401 && answer.response.reason == "bad_authorization_header")
        #expect(answer.body == """
            {"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}
            """)
        #expect(answer.header(.wwwAuthenticate) == #"Bearer realm="api""#)
        #expect(desk.verified.isEmpty)
    }

    @Test("sent twice is two values, whatever the second one says", arguments: [2, 3, 100])
    func twice(times: Int) {
        let desk = Desk()
        var request = Desk.verify()
        request.authorization = .init("Bearer a.b.c", times: times)
        #expect(desk.respond(to: request).response.reason == "bad_authorization_header")
        request.authorization = .init("Basic x", times: times)
        #expect(desk.respond(to: request).response.reason == "not_bearer")
        #expect(desk.verified.isEmpty)
    }

    @Test("with a token that opens nothing is 401 with an error code")
    func invalidToken() {
        let desk = Desk()
        desk.refusal = Refusal(.invalidToken, reason: "expired", clientApp: Desk.app)
        let answer = desk.respond(to: Desk.verify())
        #expect(answer.status == 401 && answer.response.reason == "expired" && answer.response.clientApp == Desk.app)
        #expect(answer.header(.wwwAuthenticate) == #"Bearer realm="api", error="invalid_token""#)
        #expect(answer.body == """
            {"detail":"Given token not valid for any token type","code":"token_not_valid","messages":\
            [{"token_class":"AccessToken","token_type":"access","message":"Token is invalid or expired"}]}
            """)
    }

    @Test("is all that verify looks at: the body is ignored", arguments: ["", "{", "[]", #"{"token":"x"}"#, "x=1"])
    func body(body: String) {
        var request = Desk.verify()
        request.body = .bytes(Array(body.utf8))
        #expect(Desk().respond(to: request).status == 200)
        request.authorization.clear()
        #expect(Desk().respond(to: request).response.reason == "no_authorization")
    }
}
