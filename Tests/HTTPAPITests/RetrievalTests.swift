import HTTPAPI
import HTTPTypes
import LatchkeyCore
import Testing

private func sentence(_ text: String) -> String {
    #"{"error":"invalid_request","error_description":"\#(text)"}"#
}

@Suite("A request to begin a retrieval")
struct BeginRetrievalTests {
    @Test("is a token, a platform and a tax year", arguments: Mode.allCases)
    func accepted(mode: Mode) throws {
        let desk = Desk()
        var request = Desk.begin(#"{"tax_year":2024,"platform":"p","access_token":"a.b.c","x":[1]}"#)
        request.mode = mode
        let answer = desk.respond(to: request)
        #expect(answer.status == 201 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.response.contentType == "application/json")
        #expect(answer.body == """
            {"id":"\(Desk.retrieval.uuid)","platform":"p","tax_year":2024,"status":"open",\
            "created_at":"2025-03-12T21:30:00Z","expires_at":"2025-03-13T21:30:00Z"}
            """)
        let asked = try #require(desk.retrievals.first)
        #expect(asked.mode == mode && asked.collectorKey == "lk_coll_key" && asked.requestID == Desk.requestID)
        #expect(asked.subject == .user(accessToken: "a.b.c", platform: "p", taxYear: 2024))
        #expect(desk.verified.isEmpty, "the database comes first")
    }

    @Test("is a state, which stands for all three, whatever they say", arguments: [
        #"{"state":"a.b.c"}"#, #"{"state":"a.b.c","access_token":1,"platform":[],"tax_year":"x"}"#,
        #"{"access_token":"t","platform":"other","tax_year":1800,"state":"a.b.c"}"#,
    ])
    func state(body: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.begin(body))
        #expect(answer.status == 201 && desk.retrievals.map(\.subject) == [.attempt(state: "a.b.c")])
        #expect(answer.body == """
            {"id":"\(Desk.retrieval.uuid)","platform":"p","tax_year":2024,"status":"open",\
            "created_at":"2025-03-12T21:30:00Z","expires_at":"2025-03-13T21:30:00Z"}
            """)
    }

    @Test("without a state is one with a token", arguments: ["null", "\"\""])
    func noState(state: String) {
        let desk = Desk()
        let answer = desk.respond(
            to: Desk.begin(#"{"state":\#(state),"access_token":"t","platform":"p","tax_year":2024}"#))
        #expect(answer.status == 201)
        #expect(desk.retrievals.map(\.subject) == [.user(accessToken: "t", platform: "p", taxYear: 2024)])
    }

    @Test("is of a year from 1900 on, the current one included", arguments: [
        (1899, false), (1900, true), (2025, true), (2026, false), (0, false), (-2024, false), (12_024, false),
        (Int.max, false), (Int.min, false),
    ])
    func years(year: Int, isRight: Bool) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.begin(#"{"access_token":"t","platform":"p","tax_year":\#(year)}"#))
        #expect(answer.status == (isRight ? 201 : 400) && desk.retrievals.count == (isRight ? 1 : 0))
        if !isRight { #expect(answer.body == sentence("tax_year must be between 1900 and 2025")) }
    }

    @Test("without one of them says so", arguments: [
        "", "{}", #"{"platform":"p","tax_year":2024}"#, #"{"access_token":"t","tax_year":2024}"#,
        #"{"access_token":"t","platform":"p"}"#, #"{"access_token":"","platform":"p","tax_year":2024}"#,
        #"{"access_token":"t","platform":"","tax_year":2024}"#, #"{"access_token":"t","platform":"p","tax_year":null}"#,
        #"{"access_token":null,"platform":"p","tax_year":2024}"#,
        #"{"Access_Token":"t","platform":"p","tax_year":2024}"#,
    ])
    func missing(body: String) {
        let answer = Desk().respond(to: Desk.begin(body))
        #expect(answer.status == 400 && answer.response.reason == "missing_member")
        #expect(answer.body == sentence("No access token, platform or tax year provided"))
    }

    @Test("with a member of the wrong type says which", arguments: [
        (#"{"access_token":1}"#, "access_token must be a string"),
        (#"{"platform":["p"]}"#, "platform must be a string"),
        (#"{"tax_year":"2024"}"#, "tax_year must be an integer"),
        (#"{"tax_year":2024.0}"#, "tax_year must be an integer"),
        (#"{"tax_year":2e3}"#, "tax_year must be an integer"), (#"{"tax_year":true}"#, "tax_year must be an integer"),
        (#"{"tax_year":99999999999999999999}"#, "tax_year must be an integer"),
        (#"{"access_token":{}}"#, "access_token must be a string"), (#"{"state":1}"#, "state must be a string"),
    ])
    func wrongType(body: String, text: String) {
        let answer = Desk().respond(to: Desk.begin(body))
        #expect(answer.status == 400 && answer.body == sentence(text) && answer.response.reason == "wrong_member_type")
    }

    @Test("of another form says what is wrong with it", arguments: [
        ("[]", "The JSON must be an object"), (#"{"a":1,"a":1}"#, #"The JSON member \"a\" is given more than once"#),
        (#"{"platform":"\u0000"}"#, "A JSON string holds a NUL character at byte 13"),
        ("{", "The JSON is not valid: unexpected content at byte 1"),
    ])
    func notJSON(body: String, text: String) {
        let answer = Desk().respond(to: Desk.begin(body))
        #expect(answer.status == 400 && answer.body == sentence(text) && answer.response.reason == "invalid_json")
    }

    @Test("is refused as the domain says", arguments: [
        (Refusal.Kind.invalidAccessToken, 400,
         #"{"error":"invalid_token","error_description":"The access token or state is not valid"}"#),
        (.unknownPlatform, 400, #"{"error":"unknown_platform","error_description":"There is no such platform"}"#),
        (.retrievalFinished, 409,
         #"{"error":"retrieval_finished","error_description":"The retrieval is finished"}"#),
    ])
    func refused(kind: Refusal.Kind, status: Int, body: String) {
        let desk = Desk()
        desk.refusal = Refusal(kind, reason: "r")
        let answer = desk.respond(to: Desk.begin())
        #expect(answer.status == status && answer.body == body && answer.response.headers.isEmpty)
    }
}

@Suite("A request to store a file")
struct UploadTests {
    @Test("is streamed, and answered with what was stored", arguments: ["%PDF-1.7 and more", "x", ""])
    func accepted(body: String) throws {
        let desk = Desk()
        var request = Desk.upload(body: body)
        request.contentType = .init("Application/PDF; version=1.7")
        let answer = desk.respond(to: request)
        #expect(answer.status == 201 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.response.status.reasonPhrase == "Created")
        #expect(answer.body == """
            {"file_name":"1099_INT.pdf","content_type":"application/pdf","total_size_bytes":\(body.utf8.count),\
            "sha256":"\(String(repeating: "ab", count: 32))"}
            """)
        let upload = try #require(desk.uploads.first)
        #expect(upload.request.retrieval == Desk.retrieval && upload.request.mode == .production)
        #expect(upload.request.collectorKey == "lk_coll_key" && upload.request.size == body.utf8.count)
        #expect(upload.body == Array(body.utf8) && upload.isWhole)
    }

    @Test("is of the media type that it says, without its parameters", arguments: [
        (nil, "application/octet-stream"), ("text/plain", "text/plain"), ("TEXT/Plain;charset=utf-8", "text/plain"),
        ("  image/svg+xml ; a=b", "image/svg+xml"), ("a/b;", "a/b"), ("!#$%&'*+-.^_`|~/0", "!#$%&'*+-.^_`|~/0"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
        (String(repeating: "a", count: 125) + "/b", String(repeating: "a", count: 125) + "/b"),
    ] as [(String?, String)])
    func mediaType(header: String?, type: String) {
        let desk = Desk()
        var request = Desk.upload()
        if let header { request.contentType = .init(header) }
        #expect(desk.respond(to: request).status == 201)
        #expect(desk.uploads.map(\.request.contentType) == [type])
    }

    @Test("of no media type is refused", arguments: [
        ("", 1), ("text", 1), ("text/", 1), ("/plain", 1), ("a/b/c", 1), ("text /plain", 1), ("te\u{e9}t/plain", 1),
        (";a=b", 1), ("text/plain, text/html", 1), ("\"a\"/b", 1), ("text/plain", 2), ("a/b\u{0}", 1),
        (String(repeating: "a", count: 126) + "/b", 1),
    ])
    func noMediaType(header: String, times: Int) {
        let desk = Desk()
        var request = Desk.upload()
        request.contentType = .init(header, times: times)
        let answer = desk.respond(to: request)
        #expect(answer.status == 400 && desk.asked == 0 && answer.response.reason == "invalid_content_type")
        #expect(answer.body == sentence("Content-Type must be a media type of at most 127 characters"))
    }

    @Test("has a plain name", arguments: [
        [], [0x2e], [0x2e, 0x2e], [0x61, 0x2f, 0x62], [0x2f], [0xff], [0x0a], [0xc2, 0x85], [0x7f],
        [UInt8](repeating: 0x78, count: 256),
    ] as [[UInt8]])
    func badName(name: [UInt8]) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.upload(name))
        #expect(answer.status == 400 && desk.asked == 0 && answer.response.reason == "invalid_file_name")
        #expect(answer.body == sentence("The file name must be a plain name of at most 255 bytes in UTF-8"))
    }

    @Test("keeps every byte of its name", arguments: ["e\u{301}", "\u{e9}", "a%2Fb", "finish", " "])
    func name(name: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.upload(Array(name.utf8)))
        #expect(answer.status == 201 && answer.body.hasPrefix(#"{"file_name":"\#(name)","#))
        #expect(desk.uploads.map { Array($0.request.fileName.utf8) } == [Array(name.utf8)])
    }

    @Test("tells the domain when the body breaks off")
    func brokenOff() {
        let desk = Desk()
        desk.refusal = Refusal(.incompleteFile, reason: "shorter_than_announced")
        var request = Desk.upload()
        request.body = .stream(TestStream(Array("abc".utf8), announced: 4))
        let answer = desk.respond(to: request)
        #expect(desk.uploads.map(\.isWhole) == [false] && desk.uploads.map(\.request.size) == [4])
        #expect(answer.status == 400 && answer.body == sentence("The body is not as long as Content-Length says"))
    }

    @Test("that was not even read is refused")
    func notRead() {
        for (body, status, text) in [
            (Request.Body.tooLarge, 413,
             #"{"error":"payload_too_large","error_description":"The file is larger than 52428800 bytes"}"#),
            (.lengthMismatch, 400, sentence("The body is not as long as Content-Length says")),
        ] {
            let desk = Desk()
            var request = Desk.upload()
            request.body = body
            let answer = desk.respond(to: request)
            #expect(answer.status == status && answer.body == text && desk.asked == 0)
        }
    }

    @Test("is refused as the domain says", arguments: [
        (Refusal.Kind.unknownRetrieval, 404, "not_found"), (.retrievalFinished, 409, "retrieval_finished"),
        (.overQuota, 413, "quota_exceeded"), (.fileTooLarge, 413, "payload_too_large"),
        (.storeFull, 507, "insufficient_storage"), (.temporarilyUnavailable, 503, "temporarily_unavailable"),
    ])
    func refused(kind: Refusal.Kind, status: Int, code: String) {
        let desk = Desk()
        desk.refusal = Refusal(kind, reason: "r")
        let answer = desk.respond(to: Desk.upload())
        #expect(answer.status == status && answer.body.hasPrefix(#"{"error":"\#(code)","#))
        #expect(answer.header(.retryAfter) == (status == 503 ? "1" : nil))
    }
}

@Suite("A request to finish a retrieval")
struct FinishRetrievalTests {
    @Test("is a status", arguments: Retrieval.Status.allCases)
    func accepted(status: Retrieval.Status) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.finish(#"{"status":"\#(status.rawValue)"}"#))
        #expect(answer.status == 200 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == """
            {"id":"\(Desk.retrieval.uuid)","status":"\(status.rawValue)","platform":"first-sandbox-bank",\
            "tax_year":2024,"document_count":2,"finished_at":"2025-03-12T21:30:00Z"}
            """)
        #expect(desk.finishes.map(\.status) == [status] && desk.finishes.map(\.metadata) == ["{}"])
        #expect(desk.finishes.map(\.retrieval) == [Desk.retrieval] && desk.finishes.map(\.mode) == [.production])
        #expect(desk.finishes.map(\.collectorKey) == ["lk_coll_key"])
    }

    @Test("keeps its metadata as they were written", arguments: [
        "{}", "{ }", #"{"a":1.50,"b":[1e3,-0,"\u00e9\/"],"c":{"d":null}}"#,
        "{\n  \"z\": 1,\r\n\t\"a\": 12345678901234567890 }",
        #"{"\u00e9":"é😀"}"#,
    ])
    func metadata(text: String) {
        for body in [
            #"{"status":"success","metadata":\#(text)}"#, " {\"metadata\" : \(text) , \"status\":\"success\" } ",
        ] {
            let desk = Desk()
            #expect(desk.respond(to: Desk.finish(body)).status == 200)
            #expect(desk.finishes.map { Array($0.metadata.utf8) } == [Array(text.utf8)])
        }
    }

    @Test("with null for metadata has none")
    func nullMetadata() {
        let desk = Desk()
        #expect(desk.respond(to: Desk.finish(#"{"status":"failure","metadata":null}"#)).status == 200)
        #expect(desk.finishes.map(\.metadata) == ["{}"])
    }

    @Test("of another form says what is wrong with it", arguments: [
        ("", "No status provided"), ("{}", "No status provided"), (#"{"status":null}"#, "No status provided"),
        (#"{"status":""}"#, "No status provided"), (#"{"status":1}"#, "status must be a string"),
        (#"{"status":"open"}"#, "status must be success or failure"),
        (#"{"status":"Success"}"#, "status must be success or failure"),
        (#"{"status":"success","metadata":[]}"#, "metadata must be an object"),
        (#"{"status":"success","metadata":"{}"}"#, "metadata must be an object"),
        (#"{"metadata":1}"#, "metadata must be an object"),
        (#"{"status":"success","metadata":{"a":1,"a":2}}"#, #"The JSON member \"a\" is given more than once"#),
        (#"{"status":"success","metadata":{"a":"\u0000"}}"#, "A JSON string holds a NUL character at byte 37"),
        (#"{"status":"success","metadata":{},"metadata":{}}"#,
         #"The JSON member \"metadata\" is given more than once"#),
    ])
    func refused(body: String, text: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.finish(body))
        #expect(answer.status == 400 && answer.body == sentence(text) && desk.asked == 0)
    }

    @Test("may have metadata as deep as bodies may be", arguments: [(15, 200), (16, 400)])
    func depth(levels: Int, status: Int) {
        let (opening, closing) = (#"{"a":"#, "}")
        let metadata = String(repeating: opening, count: levels - 1) + "{}"
            + String(repeating: closing, count: levels - 1)
        let answer = Desk().respond(to: Desk.finish(#"{"status":"success","metadata":\#(metadata)}"#))
        #expect(answer.status == status)
    }

    @Test("is refused as the domain says", arguments: [
        (Refusal.Kind.otherStatus, 409,
         #"{"error":"retrieval_finished","error_description":"The retrieval was finished with another status"}"#),
        (.unknownRetrieval, 404, #"{"error":"not_found","error_description":"There is no such retrieval"}"#),
    ])
    func domain(kind: Refusal.Kind, status: Int, body: String) {
        let desk = Desk()
        desk.refusal = Refusal(kind, reason: "r")
        let answer = desk.respond(to: Desk.finish())
        #expect(answer.status == status && answer.body == body)
    }
}
