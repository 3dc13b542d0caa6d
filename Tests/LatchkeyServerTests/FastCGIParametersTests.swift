import HTTPAPI
import LatchkeyCore
import Testing

@testable import LatchkeyServer

@Suite("FastCGI parameters")
struct FastCGIParametersTests {
    /// What becomes of parameters, and of the length that they announce.
    private func read(_ parameters: [String]) -> (request: Request, length: Int?) {
        var sorter = FastCGIParameters()
        var request = Request()
        for parameter in parameters {
            let bytes = Array(parameter.utf8)
            sorter.take(bytes.span, into: &request)
        }
        sorter.choosePath(&request)
        return (request, sorter.contentLength)
    }

    @Test("become a request")
    func request() {
        let (request, length) = read([
            "REQUEST_METHOD=POST", "DOCUMENT_URI=/api/token", "QUERY_STRING=a=b&c=%3F?",
            "CONTENT_TYPE=application/json", "CONTENT_LENGTH=17",
            "HTTP_AUTHORIZATION=Bearer a=b==", "HTTP_IDEMPOTENCY_KEY=key", "LATCHKEY_MODE=sandbox",
            "LATCHKEY_REQUEST_ID=one", "HTTP_X_REQUEST_ID=two", "HTTP_X_CORRELATION_ID=three",
            "LATCHKEY_RECEIVED=1741815000.123", "HTTP_TAIKI_SECRET=four", "HTTP_TAIKI_USER_ID=five",
        ])
        #expect(request.method.text == "POST" && request.path.text == "/api/token" && length == 17)
        #expect(request.query.text == "a=b&c=%3F?")
        #expect(request.contentType.text == "application/json" && request.authorization.text == "Bearer a=b==")
        #expect(request.idempotencyKey.text == "key" && request.mode == .sandbox && request.requestID.text == "one")
        #expect(request.callerRequestID.text == "two" && request.callerCorrelationID.text == "three")
        #expect(request.receivedAt == 1_741_815_000_123)
        #expect(request.taikiSecret.text == "four" && request.taikiUserID.text == "five")
    }

    @Test("of other names are of no interest", arguments: [
        "", "=", "REQUEST_METHOD", "REQUEST_METHODS=GET", "XREQUEST_METHOD=GET", "request_method=GET",
        "HTTP_REQUEST_METHOD=GET", "AUTHORIZATION=Bearer x", "HTTP_AUTHORIZATION_=x",
        "HTTP_PROXY_AUTHORIZATION=Bearer x", "HTTP_X_FORWARDED_AUTHORIZATION=Bearer x", "HTTP_LATCHKEY_MODE=sandbox",
        "HTTP_LATCHKEY_REQUEST_ID=x", "HTTP_LATCHKEY_RECEIVED=1741815000.123", "LATCHKEY_RECEIVED_=1741815000.123",
        "TAIKI_SECRET=x", "HTTP_TAIKI_USER=x", "HTTP_QUERY_STRING=x", "HTTP_COOKIE=x", "HTTP_CONTENT_LENGTH=3",
        "HTTP_PROXY=http://x",
        "LATCHKEY_MODE", "\u{e9}=x",
    ])
    func others(parameter: String) {
        let (request, length) = read([parameter])
        for child in Mirror(reflecting: request).children {
            if let field = child.value as? Request.Field { #expect(field.count == 0, "\(child.label ?? "")") }
        }
        #expect(request.mode == nil && request.receivedAt == nil && length == 0)
    }

    @Test("that come twice are counted, and the first one counts")
    func repeated() {
        let (request, _) = read([
            "HTTP_AUTHORIZATION=Bearer one", "REQUEST_METHOD=POST", "HTTP_AUTHORIZATION=Bearer two",
            "HTTP_IDEMPOTENCY_KEY=", "HTTP_IDEMPOTENCY_KEY=k",
        ])
        #expect(request.authorization.count == 2 && request.authorization.text == "Bearer one")
        #expect(request.idempotencyKey.count == 2 && request.idempotencyKey.text == "")
    }

    @Test("tell an empty header from none, but for the type of a body")
    func empty() {
        let (request, _) = read(["HTTP_AUTHORIZATION=", "HTTP_IDEMPOTENCY_KEY=", "CONTENT_TYPE=", "HTTP_X_REQUEST_ID="])
        #expect(request.authorization.count == 1 && request.idempotencyKey.count == 1)
        // nginx sends the empty parameter where the client sent no such header.
        #expect(request.contentType.count == 0)
    }

    @Test("say the path in one of three ways", arguments: [
        (["DOCUMENT_URI=/a", "SCRIPT_NAME=/b", "REQUEST_URI=/c?d"], "/a"),
        (["REQUEST_URI=/c?d", "SCRIPT_NAME=/b", "DOCUMENT_URI=/a"], "/a"),
        (["SCRIPT_NAME=/b", "REQUEST_URI=/c?d"], "/b"),
        (["REQUEST_URI=/c?d=/e?f"], "/c"),
        (["REQUEST_URI=/c"], "/c"),
        (["DOCUMENT_URI=", "SCRIPT_NAME=", "REQUEST_URI=/c"], "/c"),
        (["REQUEST_URI=?x"], ""),
        ([], ""),
        // Decoded by nginx: a question mark in it is one of the path.
        (["DOCUMENT_URI=/a?b"], "/a?b"),
    ])
    func path(parameters: [String], path: String) {
        #expect(String(decoding: read(parameters).request.path.value, as: UTF8.self) == path)
    }

    @Test("announce the body's length in decimal digits, once", arguments: [
        ("0", 0), ("", 0), ("1", 1), ("16384", 16_384), ("16385", 16_385), ("007", 7),
        ("999999999999999999", 999_999_999_999_999_999), ("1000000000000000000", nil),
        ("18446744073709551616", nil), ("-1", nil), ("+1", nil), (" 1", nil), ("1 ", nil), ("1,1", nil), ("0x10", nil),
        ("1e3", nil), ("1.0", nil), ("\u{661}", nil), ("x", nil), ("/", nil), (":", nil),
    ] as [(String, Int?)])
    func length(text: String, length: Int?) {
        #expect(read(["CONTENT_LENGTH=" + text]).length == length)
    }

    @Test("announce no length when they announce two, even the same one")
    func twoLengths() {
        #expect(read(["CONTENT_LENGTH=1", "CONTENT_LENGTH=1"]).length == nil)
    }

    @Test("name the mode in small letters, or none", arguments: [
        ("production", Mode.production), ("sandbox", .sandbox), ("", nil), ("Production", nil), ("SANDBOX", nil),
        ("live", nil), ("production ", nil), ("sandbo", nil), ("sandboxx", nil), ("productioN", nil),
    ] as [(String, Mode?)])
    func mode(text: String, mode: Mode?) {
        #expect(read(["LATCHKEY_MODE=" + text]).request.mode == mode)
    }

    @Test("say when nginx had the request, in seconds and milliseconds, or nothing", arguments: [
        ("1741815000.123", 1_741_815_000_123), ("0.000", 0), ("1.001", 1001), ("007.010", 7010),
        ("999999999999.999", 999_999_999_999_999), ("1000000000000.000", nil), ("9223372036854775.807", nil),
        ("99999999999999999999.999", nil), ("", nil), (".", nil), (".123", nil), ("1741815000", nil),
        ("1741815000.", nil), ("1741815000.1", nil), ("1741815000.12", nil), ("1741815000.1234", nil),
        ("1741815000,123", nil), ("1741815000.12x", nil), ("x741815000.123", nil), ("-1.000", nil), ("+1.000", nil),
        (" 1.000", nil), ("1.000 ", nil), ("1.0.000", nil), ("1e3.000", nil), ("0x1.000", nil), ("/.000", nil),
        (":.000", nil), ("1.00/", nil), ("1.:00", nil), ("\u{661}.000", nil), ("-", nil), ("-.000", nil),
    ] as [(String, Int64?)])
    func received(text: String, milliseconds: Int64?) {
        #expect(read(["LATCHKEY_RECEIVED=" + text]).request.receivedAt == milliseconds)
    }
}
