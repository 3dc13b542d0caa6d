import HTTPAPI
import HTTPTypes
import Testing

@Suite("A route")
struct RoutingTests {
    @Test("is found by its path", arguments: Route.allCases)
    func found(route: Route) {
        let desk = Desk()
        #expect(desk.respond(to: Desk.post(route.path, [])).route == route)
    }

    @Test("has a path and a name of its own")
    func distinct() {
        #expect(Set(Route.allCases.map(\.path)).count == Route.allCases.count)
        for route in Route.allCases {
            #expect(route.path.hasPrefix("/") && !route.path.hasSuffix("/"))
            #expect(route.rawValue.allSatisfy { $0.isLowercase || $0 == "_" }, "it stands in log lines")
        }
    }

    @Test("is not found by any other path, which is 404 in the general dialect", arguments: [
        "", "/", "*", "/api", "/api/", "/api/token/", "/api/token/x", "/api//token", "//api/token", "/API/token",
        "/api/Token", "/api/tokens", "/api/toke", "api/token", "/api/token?x=1", "/api/token ",
        "/api/%74oken", "/api/verify-token/", "/api/verify_token", "/x/../api/token", "https://a/api/token",
        "/\u{e9}", "/api/token\u{301}",
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

    @Test("is not found with one byte more, whichever", arguments: Route.allCases)
    func oneByteMore(route: Route) {
        for byte in UInt8.min...UInt8.max {
            var request = Desk.post(route.path, [])
            request.path.value.append(byte)
            #expect(Desk().respond(to: request).status == 404, "byte \(byte)")
        }
    }

    @Test("takes its own method alone, and says which", arguments: [
        "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "POSTS", "POS", "M-SEARCH",
    ])
    func method(method: String) {
        for (path, body) in [
            ("/api/token", #"{"error":"method_not_allowed","error_description":"The endpoint answers POST only"}"#),
            ("/api/verify-token", #"{"detail":"Method \"\#(method)\" not allowed."}"#),
        ] {
            var request = Desk.post(path, [])
            request.method = .init(method)
            let answer = Desk().respond(to: request)
            #expect(answer.status == 405 && answer.body == body)
            #expect(answer.header(.allow) == "POST")
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

    @Test("wants a mode from nginx, and does not guess", arguments: [
        ("/api/token", """
            {"error":"server_error",\
            "error_description":"The service made a mistake; it has been logged with this request's id"}
            """),
        ("/api/verify-token", #"{"detail":"A server error occurred."}"#),
    ])
    func noMode(path: String, body: String) {
        let desk = Desk()
        var request = path == "/api/token" ? Desk.issue() : Desk.verify()
        request.mode = nil
        let answer = desk.respond(to: request)
        #expect(answer.status == 500 && answer.body == body)
        #expect(answer.response.reason == "no_latchkey_mode_parameter")
        #expect(desk.tokenRequests.isEmpty && desk.verified.isEmpty)
    }
}
