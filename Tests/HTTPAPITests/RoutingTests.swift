import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A route")
struct RoutingTests {
    @Test("is found by its path", arguments: Route.allCases)
    func found(route: Route) {
        let answer = Desk().respond(to: Desk.request(for: route))
        #expect(answer.route == route && (200...201).contains(answer.status))
    }

    @Test("has a path and a name of its own")
    func distinct() {
        #expect(Set(Route.allCases.map(\.path)).count == Route.allCases.count)
        for route in Route.allCases {
            // The page is what stands in its folder.
            #expect(route.path.hasPrefix("/") && route.path.hasSuffix("/") == (route == .linkPage))
            #expect(route.rawValue.allSatisfy { $0.isLowercase || $0 == "_" }, "it stands in log lines")
        }
    }

    @Test("is not found by any other path, which is 404 in the general dialect", arguments: [
        "", "/", "*", "/api", "/api/", "/api/token/", "/api/token/x", "/api//token", "//api/token", "/API/token",
        "/api/Token", "/api/tokens", "/api/toke", "api/token", "/api/token?x=1", "/api/token ",
        "/api/%74oken", "/api/verify-token/", "/api/verify_token", "/x/../api/token", "https://a/api/token",
        "/\u{e9}", "/api/token\u{301}", "/api/prior-year/", "/api/retrievals/", "/api/retrievals/x",
        "/api/retrievals/x/files", "/api/retrievals/x/y/files/z", "/api/retrievals/x/Files/y", "/download",
        "/api/retrievals/x/finish/", "/api/retrievals/x/y/finish", "/Download/x", "/api/retrievals/{id}",
        "/initialize-token/", "/Initialize-Token", "/api/initialize-token", "/link", "/link//", "/link/index.html",
        "/api/link", "/api/link/", "/api/link/open/", "/api/link/platforms/", "/api/link/attempt",
    ])
    func notFound(path: String) {
        for method in ["POST", "GET"] {
            var request = Desk.post(path, Array("{".utf8))
            request.method = .init(method)
            let answer = Desk().respond(to: request)
            #expect(answer.route == nil && answer.status == 404)
            #expect(answer.body == #"{"error":"not_found","error_description":"There is no such endpoint"}"#)
            #expect(answer.response.reason == "unknown_path" && answer.response.headers.isEmpty)
        }
    }

    @Test("is not found with one byte more, whichever, unless its path ends as one likes", arguments: Route.allCases)
    func oneByteMore(route: Route) {
        for byte in UInt8.min...UInt8.max {
            var request = Desk.request(for: route)
            request.path.value.append(byte)
            let expected: Route? = route.path.hasSuffix("}") ? route
                : route == .linkBeginAttempt && byte == UInt8(ascii: "/") ? .linkReadAttempt : nil
            #expect(Desk().respond(to: request).route == expected, "byte \(byte)")
        }
    }

    @Test("has its parts in braces filled from the path", arguments: [
        ("/api/retrievals/x/files/y", Route.taikiUpload, ["x", "y"]),
        ("/api/retrievals//files/", .taikiUpload, ["", ""]),
        ("/api/retrievals/x/files/a/b/", .taikiUpload, ["x", "a/b/"]),
        ("/api/retrievals/x/files/finish", .taikiUpload, ["x", "finish"]),
        ("/api/retrievals/x/finish", .taikiFinishRetrieval, ["x"]),
        ("/api/retrievals//finish", .taikiFinishRetrieval, [""]),
        ("/api/retrievals/files/finish", .taikiFinishRetrieval, ["files"]),
        ("/download/", .taikiDownload, [""]), ("/download/a/b", .taikiDownload, ["a/b"]),
        ("/api/retrievals", .taikiBeginRetrieval, []), ("/api/link/attempts", .linkBeginAttempt, []),
        ("/api/link/attempts/x", .linkReadAttempt, ["x"]), ("/api/link/attempts/x/y", .linkReadAttempt, ["x/y"]),
    ])
    func captures(path: String, route: Route, captured: [String]) throws {
        let found = try #require(Router().route(for: Array(path.utf8)))
        #expect(found.route == route && found.captured.map { String(decoding: $0, as: UTF8.self) } == captured)
    }

    @Test("takes its own method alone, and says which", arguments: [
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "POSTS", "POS",
        "M-SEARCH", "head", "GET, HEAD",
    ])
    func method(method: String) {
        for (route, allow, names) in [
            (Route.taikiToken, "POST", "POST"), (.taikiVerifyToken, "POST", "POST"), (.taikiPriorYear, "GET", "GET"),
            (.taikiBeginRetrieval, "POST", "POST"), (.taikiUpload, "PUT", "PUT"),
            (.taikiFinishRetrieval, "POST", "POST"), (.taikiDownload, "GET, HEAD", "GET and HEAD"),
            (.quickStartInitializeToken, "POST", "POST"), (.linkPage, "GET, HEAD", "GET and HEAD"),
            (.linkOpen, "POST", "POST"), (.linkPlatforms, "GET", "GET"), (.linkBeginAttempt, "POST", "POST"),
            (.linkReadAttempt, "GET", "GET"),
        ] {
            let desk = Desk()
            var request = Desk.request(for: route)
            request.method = .init(method)
            let answer = desk.respond(to: request)
            if allow.split(separator: ", ").contains(method[...]) {
                #expect((200...201).contains(answer.status) && answer.header(.allow) == nil)
                continue
            }
            #expect(answer.status == 405 && answer.header(.allow) == allow && desk.asked == 0)
            let oauth = #"{"error":"method_not_allowed","error_description":"The endpoint answers \#(names) only"}"#
            let quickStart = #"{"error":"The endpoint answers \#(names) only"}"#
            let wrong = #"{"detail":"Method \"GET\" not allowed."}"#
            let detail = #"{"detail":"Method \"\#(method)\" not allowed."}"#
            // What is no method at all is not repeated.
            let expected = switch route.dialect {
            case .oauth: oauth
            case .quickStart: quickStart
            case .restFramework: method.contains(",") ? wrong : detail
            }
            #expect(answer.body == expected)
        }
    }

    @Test("takes a method that is none for another one than its own", arguments: ["", "PO ST", "P\u{d6}ST", "\"", "\n"])
    func badMethod(method: String) {
        var request = Desk.verify()
        request.method = .init(method)
        #expect(Desk().respond(to: request).status == 405)
        request.method = .init()
        #expect(Desk().respond(to: request).status == 405)
    }

    private static let mistake = """
        {"error":"server_error",\
        "error_description":"The service made a mistake; it has been logged with this request's id"}
        """
    private static func mistake(in dialect: Dialect) -> String {
        switch dialect {
        case .oauth: mistake
        case .quickStart: #"{"error":"The service made a mistake; it has been logged with this request's id"}"#
        case .restFramework: #"{"detail":"A server error occurred."}"#
        }
    }

    @Test("wants a mode from nginx, and does not guess", arguments: Route.allCases)
    func noMode(route: Route) {
        let desk = Desk()
        var request = Desk.request(for: route)
        request.mode = nil
        let answer = desk.respond(to: request)
        #expect(answer.status == 500)
        #expect(answer.body == Self.mistake(in: route.dialect))
        #expect(answer.response.reason == "no_latchkey_mode_parameter" && desk.asked == 0)
    }

    @Test("says so where nginx sent it to a lane whose bodies are of the other kind", arguments: Route.allCases)
    func otherLane(route: Route) {
        let desk = Desk()
        var request = Desk.request(for: route)
        request.body = route == .taikiUpload ? .bytes([]) : .stream(TestStream([]))
        let answer = desk.respond(to: request)
        #expect(answer.status == 500)
        #expect(answer.body == Self.mistake(in: route.dialect))
        #expect(answer.response.reason == (route == .taikiUpload ? "body_is_no_stream" : "body_is_a_stream"))
        #expect(desk.asked == 0)
    }
}
