import Testing

@testable import HTTPAPI

@Suite("The media type of a body")
struct MediaTypeTests {
    private static let json = [
        "application/json", "Application/JSON", "application/json;charset=utf-8", "application/json; charset=UTF-8",
        "application/json ;\tCHARSET=\"utf-8\" ", "application/json; charset=utf-8; profile=x", "application/json;",
        "application/json; profile=x", "application/json; charset=utf-8; charset=\"UTF-8\"", " application/json",
    ]
    private static let others = [
        "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json-patch+json",
        "application/vnd.api+json", "text/json", "json", "*/*", ";", "; charset=utf-8",
        "application/json charset=utf-8",
        "application/json; charset=utf-16", "application/json; charset=iso-8859-1", "application/json; charset=",
        "application/json; charset=utf-8; charset=utf-16", "application/json; charset='utf-8'",
        "application/json; Charset=utf8",
        "application/json, text/plain", "application/json\t\"", "application/js\u{f6}n",
        "multipart/form-data; boundary=x",
    ]

    @Test("is JSON in UTF-8", arguments: json)
    func accepted(type: String) {
        var request = Desk.issue()
        request.contentType = .init(type)
        #expect(request.isJSON)
        #expect(Desk().respond(to: request).status == 200)
    }

    @Test("is nothing else, which is 415 in the dialect of the path", arguments: others)
    func refused(type: String) {
        var request = Desk.issue()
        request.contentType = .init(type)
        let answer = Desk().respond(to: request)
        #expect(answer.status == 415 && answer.response.reason == "unsupported_media_type")
        #expect(answer.body == """
            {"error":"unsupported_media_type","error_description":"The body must be application/json in UTF-8"}
            """)
        request.path = .init(Route.taikiVerifyToken.path)
        #expect(Desk().respond(to: request).status == 415)
    }

    @Test("is JSON where none is given")
    func missing() {
        var request = Desk.issue()
        #expect(request.contentType.count == 0 && request.isJSON)
        request.contentType = .init("")
        #expect(request.isJSON)
    }

    @Test("is none when two are given")
    func twice() {
        var request = Desk.issue()
        request.contentType = .init("application/json", times: 2)
        #expect(!request.isJSON)
    }

    @Test("says nothing of an empty body", arguments: others)
    func emptyBody(type: String) {
        var request = Desk.verify()
        request.contentType = .init(type)
        #expect(Desk().respond(to: request).status == 200)
        request = Desk.issue([])
        request.contentType = .init(type)
        #expect(Desk().respond(to: request).status == 400)
    }

    @Test("is quoted in the answer without breaking it")
    func quoted() {
        var request = Desk.verify()
        request.body = .bytes([0x7B])
        request.contentType = .init("text/\"x\\\r\n\u{2028}\0")
        #expect(Desk().respond(to: request).body == #"""
            {"detail":"Unsupported media type \"text/\"x\\\r\n\u2028\u0000\" in request."}
            """#)
    }
}
