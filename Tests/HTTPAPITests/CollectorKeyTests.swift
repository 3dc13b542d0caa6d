import HTTPAPI
import HTTPTypes
import LatchkeyCore
import Testing
import WireFormats

@Suite("The Authorization header of collectors")
struct CollectorKeyTests {
    private static let routes = [Route.taikiBeginRetrieval, .taikiUpload, .taikiFinishRetrieval]

    private func key(_ desk: Desk) -> String? {
        desk.retrievals.last?.collectorKey ?? desk.uploads.last?.request.collectorKey
            ?? desk.finishes.last?.collectorKey
    }

    @Test("is a scheme in any case, white space, and a key", arguments: [
        "APIKEY lk_coll_x", "apikey lk_coll_x", "ApiKey lk_coll_x", "APIKEY   lk_coll_x", "APIKEY\tlk_coll_x ",
        " APIKEY lk_coll_x",
    ], routes)
    func accepted(header: String, route: Route) {
        let desk = Desk()
        var request = Desk.request(for: route)
        request.authorization = .init(header)
        let answer = desk.respond(to: request)
        #expect((200...201).contains(answer.status) && key(desk) == "lk_coll_x")
    }

    @Test("of anything else is 401, in the same words as a wrong key", arguments: [
        (nil, 0, "no_authorization"), ("", 1, "not_apikey"), ("lk_coll_x", 1, "not_apikey"),
        ("Bearer lk_coll_x", 1, "not_apikey"), ("Basic lk_coll_x", 1, "not_apikey"), ("API-KEY x", 1, "not_apikey"),
        ("APIKEY:x", 1, "not_apikey"), ("APIKEYS x", 1, "not_apikey"), ("APIKE x", 1, "not_apikey"),
        ("APIKEY", 1, "bad_authorization_header"), ("APIKEY ", 1, "bad_authorization_header"),
        ("APIKEY a b", 1, "bad_authorization_header"), ("APIKEY a, APIKEY b", 1, "bad_authorization_header"),
        ("APIKEY lk_coll_x", 2, "bad_authorization_header"), ("APIKEY a b", 3, "bad_authorization_header"),
    ] as [(String?, Int, String)], routes)
    func refused(header: (text: String?, times: Int, reason: String), route: Route) {
        let desk = Desk()
        var request = Desk.request(for: route)
        request.authorization = .init()
        if let text = header.text { request.authorization = .init(text, times: header.times) }
        let answer = desk.respond(to: request)
        #expect(answer.status == 401 && answer.response.reason == header.reason && desk.asked == 0)
        #expect(answer.body == #"{"error":"invalid_client","error_description":"Incorrect collector key provided"}"#)
        #expect(answer.header(.wwwAuthenticate) == #"APIKEY realm="api""#)

        // As of a key that the database does not know.
        desk.refusal = Refusal(.invalidCollector, reason: "unknown_collector")
        let other = desk.respond(to: Desk.request(for: route))
        #expect(other.response.body == answer.response.body && other.response.headers == answer.response.headers)
    }

    @Test("is looked at before the path's id, and the id before the body")
    func order() {
        let right = Desk.retrieval.uuid.description
        for (method, tail) in [("POST", "/finish"), ("PUT", "/files/.")] {
            for (mode, header, id, reason) in [
                (nil, "Basic x", "x", "no_latchkey_mode_parameter"), (.production, "Basic x", "x", "not_apikey"),
                (.production, "APIKEY x", "x", "malformed_id"),
                (.production, "APIKEY x", right, method == "PUT" ? "invalid_file_name" : "body_too_large"),
            ] as [(Mode?, String, String, String)] {
                var request = Desk.post("/api/retrievals/\(id)\(tail)", [])
                request.method = .init(method)
                request.mode = mode
                request.authorization = .init(header)
                request.body = .tooLarge
                let desk = Desk()
                #expect(desk.respond(to: request).response.reason == reason && desk.asked == 0)
                request.method = .init("PATCH")
                #expect(desk.respond(to: request).response.reason == "method_not_allowed")
            }
        }
    }

    @Test("is followed by an id in any case, and one that is no UUID is of no retrieval", arguments: [
        "", "x", "0000000-0000-00d1-0000-000000000001", "00000000-0000-00d1-0000-00000000000g", "..",
        "{00000000-0000-00d1-0000-000000000001}", "000000000000 00d1 0000 000000000001", "\u{e9}",
    ])
    func ids(id: String) {
        for (method, tail, body) in [("POST", "/finish", Desk.finish().body), ("PUT", "/files/a", Desk.upload().body)] {
            let desk = Desk()
            var request = Desk.post("/api/retrievals/\(id)\(tail)", [])
            request.method = .init(method)
            request.body = body
            request.authorization = .init("APIKEY x")
            let answer = desk.respond(to: request)
            #expect(answer.status == 404 && desk.asked == 0)
            #expect(answer.body == #"{"error":"not_found","error_description":"There is no such retrieval"}"#)
            request.path = .init("/api/retrievals/\(Desk.retrieval.uuid.description.uppercased())\(tail)")
            #expect((200...201).contains(desk.respond(to: request).status))
            #expect(desk.uploads.map(\.request.retrieval) + desk.finishes.map(\.retrieval) == [Desk.retrieval])
        }
    }
}
