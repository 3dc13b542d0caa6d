import HTTPTypes
import JOSE
import LatchkeyCore
import Testing
import WireFormats

@testable import HTTPAPI

private func sentence(_ text: String) -> String {
    #"{"error":"invalid_request","error_description":"\#(text)"}"#
}

@Suite("The page in the iframe")
struct LinkPageTests {
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
        base-uri 'none'; form-action 'none'; frame-ancestors
        """

    private func ancestors(_ answer: Responder.Answer) -> String? {
        guard let policy = answer.header(.contentSecurityPolicy), policy.hasPrefix(Self.policy + " ") else {
            return nil
        }
        return String(policy.dropFirst(Self.policy.count + 1))
    }

    @Test("is nginx's, which is told who may embed it", arguments: ["GET", "HEAD"])
    func page(method: String) throws {
        let desk = Desk()
        desk.origins = ["http://localhost:8080", "https://[::1]:8443", "https://a-b.example"]
        var request = Desk.page()
        request.method = .init(method)
        let answer = desk.respond(to: request)
        #expect(answer.status == 200 && answer.response.body.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.response.contentType == "text/html; charset=utf-8")
        #expect(ancestors(answer) == "http://localhost:8080 https://[::1]:8443 https://a-b.example")
        let redirect = try #require(HTTPField.Name("X-Accel-Redirect"))
        #expect(answer.header(redirect) == "/latchkey-link-page" && answer.response.headers.count == 2)
        #expect(desk.pages == [Desk.app])
    }

    @Test("is nobody's to embed where no app, or not exactly one, is named", arguments: [
        "", "client_app=", "client_app=x", "client_app=\(Desk.app.uuid)x", "Client_App=\(Desk.app.uuid)",
        "client_app=\(Desk.app.uuid)&client_app=\(Desk.app.uuid)", "client_app=%27none%27",
    ])
    func noApp(query: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.page(query))
        #expect(answer.status == 200 && ancestors(answer) == "'none'" && desk.asked == 0)
        #expect(answer.response.clientApp == nil)
    }

    @Test("is nobody's to embed for an app without origins")
    func noOrigins() {
        let desk = Desk()
        desk.origins = []
        let answer = desk.respond(to: Desk.page())
        #expect(ancestors(answer) == "'none'" && answer.response.clientApp == nil && desk.pages == [Desk.app])
    }

    @Test("gets no other text into its header, whatever the database holds", arguments: [
        "*", "https://*", "https://*.example", "'self'", "https:", "https://", "http://", "https://a; script-src *",
        "https://a b", "https://a, https://b", "https://a\r\nX: y", "https://a\nb", "https://a\u{0}", "https://a'",
        "https://a\"", "https://a/", "https://a/b", "https://a?b", "https://a@b", "https://\u{e9}", "data:", "a",
        "javascript://a", " https://a", "https://a ", "",
    ])
    func injection(origin: String) {
        let desk = Desk()
        desk.origins = [origin]
        #expect(ancestors(desk.respond(to: Desk.page())) == "'none'")
        desk.origins = [origin, "https://app.example", origin]
        #expect(ancestors(desk.respond(to: Desk.page())) == "https://app.example")
    }

    @Test("leaves the database the less time, and says when it is away")
    func away() {
        let desk = Desk()
        desk.refusal = Refusal(.temporarilyUnavailable, reason: "database_unavailable")
        let answer = desk.respond(to: Desk.page())
        #expect(answer.status == 503 && answer.header(.retryAfter) == "1")
        #expect(answer.response.contentType == "application/json")
    }
}

@Suite("A request to open the modal")
struct LinkOpenTests {
    @Test("is a token and an origin, and answered with a session's key", arguments: Mode.allCases)
    func accepted(mode: Mode) throws {
        let desk = Desk()
        var request = Desk.open(#"{"metadata":{ "a" : [1.0, "\u00e9"]},"origin":"https://app.example"}"#)
        request.mode = mode
        let answer = desk.respond(to: request)
        #expect(answer.status == 201 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == """
            {"session_key":"\(LinkSessionKey(random: []).text)","expires_at":"2025-03-12T22:30:00Z",\
            "mode":"\(mode.rawValue)"}
            """)
        let asked = try #require(desk.openings.first)
        #expect(asked.mode == mode && String(decoding: asked.token, as: UTF8.self) == "a.b.c")
        #expect(asked.origin == "https://app.example")
        #expect(asked.metadata == #"{ "a" : [1.0, "\u00e9"]}"#, "they are kept as they were written")
    }

    @Test("without metadata is one with none", arguments: ["", #","metadata":null"#, #","metadata":{}"#])
    func noMetadata(rest: String) {
        let desk = Desk()
        #expect(desk.respond(to: Desk.open(#"{"origin":"o"\#(rest)}"#)).status == 201)
        #expect(desk.openings.map(\.metadata) == ["{}"])
    }

    @Test("of another form says what is wrong with it", arguments: [
        ("", "No origin provided"), ("{}", "No origin provided"), (#"{"origin":""}"#, "No origin provided"),
        (#"{"origin":null}"#, "No origin provided"), (#"{"origin":1}"#, "origin must be a string"),
        (#"{"origin":"o","metadata":[]}"#, "metadata must be an object"),
        (#"{"origin":"o","metadata":"{}"}"#, "metadata must be an object"),
        (#"{"metadata":{"a":1,"a":2}}"#, #"The JSON member \"a\" is given more than once"#),
    ])
    func malformed(body: String, text: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.open(body))
        #expect(answer.status == 400 && answer.body == sentence(text) && desk.asked == 0)
    }

    @Test("without a token, or two, is 401", arguments: [
        (nil, "no_authorization"), ("Basic x", "not_bearer"), ("Bearer", "bad_authorization_header"),
        ("Bearer a b", "bad_authorization_header"),
    ] as [(String?, String)])
    func noToken(authorization: String?, reason: String) {
        let desk = Desk()
        var request = Desk.open()
        request.authorization = authorization.map { .init($0) } ?? .init()
        let answer = desk.respond(to: request)
        #expect(answer.status == 401 && answer.response.reason == reason && desk.asked == 0)
        #expect(answer.body == #"{"error":"invalid_token","error_description":"The token is not valid"}"#)
    }
}

@Suite("What the modal asks for")
struct LinkSessionTests {
    private static var requests: [Request] { [Desk.platforms(), Desk.beginAttempt(), Desk.readAttempt()] }

    @Test("takes a session's key, and nothing else", arguments: [
        (nil, "no_authorization"), ("", "not_bearer"), ("APIKEY lk_link_key", "not_bearer"),
        ("Bearer", "bad_authorization_header"), ("Bearer a b", "bad_authorization_header"),
    ] as [(String?, String)])
    func noKey(authorization: String?, reason: String) {
        for request in Self.requests {
            let desk = Desk()
            var request = request
            request.authorization = authorization.map { .init($0) } ?? .init()
            let answer = desk.respond(to: request)
            #expect(answer.status == 401 && answer.response.reason == reason && desk.asked == 0)
            #expect(answer.header(.wwwAuthenticate) == #"Bearer realm="api", error="invalid_token""#)
            #expect(answer.body == """
                {"error":"session_expired","error_description":"The session is over: open the modal with a new token"}
                """)
        }
    }

    @Test("never has the key in an answer")
    func secrecy() {
        for request in Self.requests {
            let desk = Desk()
            for refusal in [nil, Refusal(.unknownSession, reason: "unknown_session")] {
                desk.refusal = refusal
                let answer = desk.respond(to: request)
                #expect(!answer.body.contains("lk_link_key") && answer.response.reason?.contains("lk_") != true)
            }
        }
    }
}

@Suite("The catalogue")
struct LinkPlatformsTests {
    @Test("is a page of platforms, and the URL of the next one", arguments: [
        ("", "https://api.example.com/api/link/platforms?after="),
        ("search=First+B%C3%A4nk%26", "https://api.example.com/api/link/platforms?search=First%20B%C3%A4nk%26&after="),
    ])
    func page(query: String, url: String) throws {
        let desk = Desk()
        let next = LinkPlatformCursor(name: "Z", id: "z")
        desk.platforms = LinkPlatformsPage(
            platforms: [
                .init(id: "first-sandbox-bank", name: "First Sandbox Bank", hasConnector: false),
                .init(id: "b", name: "B \"&\" Sons", hasConnector: true),
            ], next: next, clientApp: Desk.app)
        let answer = desk.respond(to: Desk.platforms(query))
        #expect(answer.status == 200 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == #"""
            {"platforms":[{"platform":"first-sandbox-bank","name":"First Sandbox Bank","sign_in":"form"},\#
            {"platform":"b","name":"B \"&\" Sons","sign_in":"page"}],"next":"\#(url)\#(next.text)"}
            """#)
        let asked = try #require(desk.catalogues.first)
        #expect(asked.sessionKey == "lk_link_key" && asked.mode == .production && asked.after == nil)
        #expect(asked.search == (query.isEmpty ? nil : "First B\u{e4}nk&"))
        // And the URL leads there.
        _ = desk.respond(to: Desk.platforms(String(url.split(separator: "?")[1]) + next.text))
        #expect(desk.catalogues[1].after == next && desk.catalogues[1].search == asked.search)
    }

    @Test("ends")
    func end() {
        #expect(Desk().respond(to: Desk.platforms()).body == #"{"platforms":[],"next":null}"#)
    }

    @Test("is not searched for what is no text, nor behind any place", arguments: [
        ("search=%FF", "search must be text in UTF-8"), ("search=a%00", "search must be text in UTF-8"),
        ("search=%ED%A0%80", "search must be text in UTF-8"),
        ("search=a&search=b", "search must be given once at most"),
        ("after=x", "after is not a cursor that this service gave"),
        ("after=", "after is not a cursor that this service gave"),
        ("after=x&after=x", "after must be given once at most"),
    ])
    func malformed(query: String, text: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.platforms(query))
        #expect(answer.status == 400 && answer.body == sentence(text) && desk.asked == 0)
    }

    @Test("is searched for nothing where nothing is said", arguments: ["search=", "search", "x=1"])
    func noSearch(query: String) {
        let desk = Desk()
        #expect(desk.respond(to: Desk.platforms(query)).status == 200)
        #expect(desk.catalogues.map(\.search) == [nil])
    }
}

@Suite("An attempt")
struct LinkAttemptTests {
    @Test("is begun with a platform and a tax year", arguments: [
        nil, "https://c.example/?state=header.state.signature",
    ] as [String?])
    func begun(connectorURL: String?) throws {
        let desk = Desk()
        desk.connectorURL = connectorURL
        let answer = desk.respond(to: Desk.beginAttempt(#"{"tax_year":2025,"x":1,"platform":"p"}"#))
        #expect(answer.status == 201 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == """
            {"id":"\(Desk.attempt.uuid)","platform":"p","name":"First Sandbox Bank","tax_year":2025,\
            "status":"waiting","state":"header.state.signature",\
            "connector_url":\(connectorURL.map { "\"\($0)\"" } ?? "null"),"expires_at":"2025-03-12T22:30:00Z"}
            """)
        let asked = try #require(desk.attempts.first)
        #expect(asked.sessionKey == "lk_link_key" && asked.mode == .production)
        #expect(asked.platform == "p" && asked.taxYear == 2025)
    }

    @Test("of another form says what is wrong with it", arguments: [
        ("", "No platform or tax year provided"), ("{}", "No platform or tax year provided"),
        (#"{"platform":"p"}"#, "No platform or tax year provided"),
        (#"{"tax_year":2024}"#, "No platform or tax year provided"),
        (#"{"platform":"","tax_year":2024}"#, "No platform or tax year provided"),
        (#"{"platform":1,"tax_year":2024}"#, "platform must be a string"),
        (#"{"platform":"p","tax_year":"2024"}"#, "tax_year must be an integer"),
        (#"{"platform":"p","tax_year":1899}"#, "tax_year must be between 1900 and 2025"),
        (#"{"platform":"p","tax_year":2026}"#, "tax_year must be between 1900 and 2025"),
    ])
    func malformed(body: String, text: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.beginAttempt(body))
        #expect(answer.status == 400 && answer.body == sentence(text) && desk.asked == 0)
    }

    private static let finished = LinkAttemptReport(
        status: .success, platform: "p", platformName: "P", taxYear: 2024,
        finishedAt: UnixTime(secondsSinceEpoch: 1_741_815_000), files: [
            .init(name: "a \"b\".pdf", contentType: "application/pdf", size: 0),
            .init(name: "c.pdf", contentType: "text/plain", size: 48_213),
        ])

    @Test("is told with its files")
    func report() throws {
        let desk = Desk()
        desk.report = Self.finished
        let answer = desk.respond(to: Desk.readAttempt())
        #expect(answer.status == 200 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == #"""
            {"id":"\#(Desk.attempt.uuid)","platform":"p","name":"P","tax_year":2024,"status":"success",\#
            "finished_at":"2025-03-12T21:30:00Z","files":[\#
            {"file_name":"a \"b\".pdf","content_type":"application/pdf","total_size_bytes":0},\#
            {"file_name":"c.pdf","content_type":"text/plain","total_size_bytes":48213}]}
            """#)
        let asked = try #require(desk.questions.first)
        #expect(asked.sessionKey == "lk_link_key" && asked.mode == .production && asked.attempt == Desk.attempt)
    }

    @Test("without files is told without an end")
    func waiting() {
        #expect(Desk().respond(to: Desk.readAttempt()).body == """
            {"id":"\(Desk.attempt.uuid)","platform":"first-sandbox-bank","name":"First Sandbox Bank",\
            "tax_year":2024,"status":"waiting","finished_at":null,"files":[]}
            """)
    }

    @Test("of no id is none", arguments: ["", "x", "\(Desk.attempt.uuid)x", "\(Desk.attempt.uuid)/"])
    func malformedID(id: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.readAttempt(id: id))
        #expect(answer.status == 404 && answer.response.reason == "malformed_id" && desk.asked == 0)
        #expect(answer.body == #"{"error":"not_found","error_description":"There is no such attempt"}"#)
    }

    @Test("is seen in one of two ways, once", arguments: [
        ("seen=success", "seen must be waiting or working"), ("seen=failure", "seen must be waiting or working"),
        ("seen=", "seen must be waiting or working"), ("seen=Waiting", "seen must be waiting or working"),
        ("seen=waiting&seen=waiting", "seen must be given once at most"),
    ])
    func seen(query: String, text: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.readAttempt(query))
        #expect(answer.status == 400 && answer.body == sentence(text) && desk.asked == 0)
    }

    private static let statuses = LinkAttempt.Status.allCases

    @Test("is waited for where it is as it was seen, and its asker may wait", arguments: statuses, [
        nil, LinkAttempt.Status.waiting, .working,
    ] as [LinkAttempt.Status?])
    func wait(status: LinkAttempt.Status, seen: LinkAttempt.Status?) {
        let desk = Desk()
        desk.report = LinkAttemptReport(
            status: status, platform: "p", platformName: "P", taxYear: 2024, finishedAt: nil, files: [])
        let request = Desk.readAttempt(seen.map { "seen=\($0.rawValue)" } ?? "")
        switch desk.responder.respond(to: request, mayWait: true) {
        case .wait(let wait):
            #expect(status == seen && wait == LinkWait(attempt: Desk.attempt, seen: status))
        case .answer(let answer):
            #expect(status != seen && answer.status == 200)
        }
        // Without leave it never waits.
        #expect(desk.respond(to: request).status == 200 && desk.questions.count == 2)
    }

    @Test("that was waited for is not refused for that, and leaves the database all of its time")
    func resumed() {
        let desk = Desk()
        var request = Desk.readAttempt("seen=waiting")
        request.receivedAt = Desk.milliseconds - 2500
        #expect(desk.respond(to: request).response.reason == "waited_too_long")
        let answer = desk.responder.answer(to: request, isResumed: true)
        #expect(answer.status == 200 && answer.route == .linkReadAttempt && answer.requestID == Desk.requestID)
        #expect(desk.questions.map(\.waited) == [.zero])
    }

    @Test("is the only thing that is ever waited for", arguments: Route.allCases)
    func otherRoutes(route: Route) {
        let desk = Desk()
        guard case .answer(let answer) = desk.responder.respond(to: Desk.request(for: route), mayWait: true) else {
            Issue.record("\(route) waits")
            return
        }
        #expect((200...201).contains(answer.status) && desk.asked > 0)
    }

    @Test("of a session that has too many says when there is a chance again")
    func tooMany() {
        let desk = Desk()
        desk.refusal = Refusal(.tooManyAttempts, reason: "too_many_attempts")
        let answer = desk.respond(to: Desk.beginAttempt())
        #expect(answer.status == 429 && answer.header(.retryAfter) == "3600")
    }
}
