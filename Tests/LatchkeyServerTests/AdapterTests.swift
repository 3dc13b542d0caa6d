import Foundation
import HTTPAPI
import JOSE
import LatchkeyCore
import Logging
import Testing
import WireFormats

@testable import FastCGI
@testable import LatchkeyServer

@Suite("The FastCGI adapter")
struct AdapterTests {
    private let adapter: FastCGIAdapter

    init() throws {
        let app = ClientApp.ID(UUID(high: 0, low: 7))
        var service = Service.idle
        service.issueToken = { _ throws(Refusal) in
            IssuedToken(token: Array("a.b.c".utf8), user: User.ID(UUID(high: 0, low: 8)), clientApp: app)
        }
        service.verifyToken = { _, _ throws(Refusal) in
            throw Refusal(.temporarilyUnavailable, reason: "snapshot_stale")
        }
        service.recordFile = { upload, read throws(Refusal) in
            var bytes: [UInt8] = []
            let isWhole = try read { piece throws(Refusal) in
                for index in piece.indices { bytes.append(piece[index]) }
                // As a disk does that is full.
                if bytes.first == UInt8(ascii: "!") { throw Refusal(.storeFull, reason: "store_full") }
            }
            guard isWhole else { throw Refusal(.incompleteFile, reason: "incomplete") }
            return StoredFile(sha256: String(decoding: bytes, as: UTF8.self), clientApp: app)
        }
        service.openDocument = { request throws(Refusal) in
            guard request.link == Array("a.b.c".utf8) else { throw Refusal(.invalidLink, reason: "wrong_link") }
            return OpenedDocument(
                path: "ab/cd", fileName: "1099.pdf", contentType: "application/pdf", clientApp: app)
        }
        adapter = FastCGIAdapter(
            responder: Responder(service: service), log: RequestLog(sink: try LogSink(output: { _ in }), level: .info))
    }

    private func post(_ path: String, length: String? = nil, body: [UInt8] = []) throws -> String {
        try Conversation.ask(adapter, [
            ("REQUEST_METHOD", "POST"), ("DOCUMENT_URI", path), ("LATCHKEY_MODE", "production"),
            ("LATCHKEY_REQUEST_ID", "request-1"), ("CONTENT_LENGTH", length ?? "\(body.count)"),
        ], body: body)
    }

    private let right = #"{"api_key":"k","api_secret":"s"}"#

    @Test("writes a status, these headers and the body")
    func success() throws {
        #expect(try post("/api/token", body: Array(right.utf8)) == [
            "Status: 200 OK", "Content-Type: application/json", "Cache-Control: no-store", "X-Request-Id: request-1",
            "Content-Length: 79", "",
            #"{"access_token":"a.b.c","taiki_user_id":"00000000-0000-0000-0000-000000000008"}"#,
        ].joined(separator: "\r\n"))
    }

    @Test("writes the headers of a refusal, too")
    func refusal() throws {
        let answer = try Conversation.ask(adapter, [
            ("REQUEST_METHOD", "POST"), ("DOCUMENT_URI", "/api/verify-token"), ("LATCHKEY_MODE", "production"),
            ("LATCHKEY_REQUEST_ID", "request-1"), ("HTTP_AUTHORIZATION", "Bearer x"),
        ])
        #expect(answer == [
            "Status: 503 Service Unavailable", "Content-Type: application/json", "Cache-Control: no-store",
            "X-Request-Id: request-1", "Retry-After: 1", "Content-Length: 62", "",
            #"{"detail":"Service temporarily unavailable, try again later."}"#,
        ].joined(separator: "\r\n"))
    }

    @Test("takes a body of 16 KiB and no more", arguments: [(16_384, "200 OK"), (16_385, "413 Content Too Large")])
    func size(count: Int, status: String) throws {
        let body = right + String(repeating: " ", count: count - right.utf8.count)
        #expect(try post("/api/token", body: Array(body.utf8)).hasPrefix("Status: \(status)\r\n"))
    }

    @Test("refuses a body of another length than announced", arguments: ["0", "31", "33", "x", "-1", "1e1"])
    func length(length: String) throws {
        let answer = try post("/api/token", length: length, body: Array(right.utf8))
        #expect(answer.hasPrefix("Status: 400 Bad Request\r\n"))
        #expect(answer.hasSuffix(#""The body is not as long as Content-Length says"}"#))
    }

    private func put(
        _ path: String, length: String? = nil, body: String, streams: Bool = true
    ) throws -> String {
        try Conversation.ask(adapter, [
            ("REQUEST_METHOD", "PUT"), ("DOCUMENT_URI", path), ("LATCHKEY_MODE", "production"),
            ("LATCHKEY_REQUEST_ID", "request-1"), ("HTTP_AUTHORIZATION", "APIKEY k"), ("CONTENT_TYPE", "text/plain"),
            ("CONTENT_LENGTH", length ?? "\(body.utf8.count)"),
        ], body: Array(body.utf8), streams: streams)
    }

    private let file = "/api/retrievals/00000000-0000-0000-0000-000000000001/files/a.txt"

    @Test("hands on the body of a file as it comes, and says what was created")
    func upload() throws {
        #expect(try put(file, body: "content") == [
            "Status: 201 Created", "Content-Type: application/json", "Cache-Control: no-store",
            "X-Request-Id: request-1", "Content-Length: 89", "",
            #"{"file_name":"a.txt","content_type":"text/plain","total_size_bytes":7,"sha256":"content"}"#,
        ].joined(separator: "\r\n"))
        #expect(try put(file, body: "").hasSuffix(#""total_size_bytes":0,"sha256":""}"#))
    }

    @Test("refuses the body of a file that is not as announced", arguments: ["6", "8", "x", "-7"])
    func uploadLength(length: String) throws {
        #expect(try put(file, length: length, body: "content").hasPrefix("Status: 400 Bad Request\r\n"))
    }

    @Test("answers what became of a file that could not be stored")
    func fullDisk() throws {
        #expect(try put(file, body: "! " + right).hasPrefix("Status: 507 Insufficient Storage\r\n"))
    }

    @Test("answers 500 where a path came to the wrong lane, and 404 where there is none")
    func wrongLane() throws {
        #expect(try put(file, body: "content", streams: false).hasPrefix("Status: 500 Internal Server Error\r\n"))
        let answer = try Conversation.ask(adapter, [
            ("REQUEST_METHOD", "POST"), ("DOCUMENT_URI", "/api/token"), ("LATCHKEY_MODE", "production"),
            ("CONTENT_LENGTH", "\(right.utf8.count)"),
        ], body: Array(right.utf8), streams: true)
        #expect(answer.hasPrefix("Status: 500 Internal Server Error\r\n"))
        #expect(try put("/files", body: "content").hasPrefix("Status: 404 Not Found\r\n"))
    }

    private func download(_ method: String, _ query: String) throws -> String {
        try Conversation.ask(adapter, [
            ("REQUEST_METHOD", method), ("DOCUMENT_URI", "/download/00000000-0000-0000-0000-000000000001"),
            ("QUERY_STRING", query), ("LATCHKEY_MODE", "production"), ("LATCHKEY_REQUEST_ID", "request-1"),
        ])
    }

    @Test("leaves the bytes of a document to the web server", arguments: ["GET", "HEAD"])
    func document(method: String) throws {
        #expect(try download(method, "link=a.b.c") == [
            "Status: 200 OK", "Content-Type: application/pdf", "Cache-Control: no-store", "X-Request-Id: request-1",
            "X-Accel-Redirect: /latchkey-documents/ab/cd",
            #"Content-Disposition: attachment; filename="1099.pdf"; filename*=UTF-8''1099.pdf"#,
            "Content-Length: 0", "", "",
        ].joined(separator: "\r\n"))
    }

    @Test("answers HEAD without the body, and with its length")
    func head() throws {
        let get = try download("GET", "link=other")
        #expect(get.hasPrefix("Status: 403 Forbidden\r\n"))
        let body = try #require(get.range(of: "\r\n\r\n"))
        #expect(get.contains("\r\nContent-Length: \(get[body.upperBound...].utf8.count)\r\n"))
        #expect(try download("HEAD", "link=other") == get[..<body.upperBound])
        #expect(try !download("HEADER", "link=other").hasSuffix("\r\n\r\n"))
    }

    @Test("keeps nothing of one request for the next")
    func again() throws {
        let first = try post("/api/token", body: Array(right.utf8))
        #expect(try Conversation.ask(adapter, []).hasPrefix("Status: 404 Not Found\r\n"))
        #expect(try post("/api/token", body: Array(right.utf8)) == first)
        #expect(try post("/api/token").hasPrefix("Status: 400 Bad Request\r\n"))
    }
}
