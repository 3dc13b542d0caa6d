import HTTPTypes
import LatchkeyCore
import Testing
import WireFormats

@testable import HTTPAPI

/// The same files go through nginx in SystemTests.
@Suite("The golden files")
struct GoldenTests {
    @Test("are answered word for word", arguments: try GoldenFile.all())
    func golden(file: GoldenFile) throws {
        let world = try GoldenWorld(mode: file.mode, database: file.database)
        let answer = world.responder.answer(to: try request(of: file, world.placeholders))
        let redirect = answer.response.headers.first { $0.name.rawName == "X-Accel-Redirect" }?.value
        let bytes = try world.documents.body(of: redirect, or: answer.response.body)
        let body = file.method == "HEAD" ? "" : String(decoding: bytes, as: UTF8.self)
        #expect(answer.response.status.code == file.status, "\(body), \(answer.response.reason ?? "no reason")")
        #expect(try world.placeholders.matches(body, file.answerBody), "\(body) is not \(file.answerBody)")
        for header in file.answerHeaders {
            let found: [String] = switch header.name.lowercased() {
            // The same for every answer: whoever writes it adds them.
            case "content-type": [answer.response.contentType]
            case "cache-control": ["no-store"]
            case "x-request-id": [answer.requestID]
            default:
                answer.response.headers.filter { $0.name.rawName.lowercased() == header.name.lowercased() }.map(\.value)
            }
            #expect(found == [header.value], "\(header.name)")
        }
    }

    @Test("are of every endpoint, with and without success", arguments: Route.allCases)
    func coverage(route: Route) throws {
        let files = try GoldenFile.all().filter { file in
            Router().route(for: Array(file.path.prefix { $0 != "?" }.utf8))?.route == route
        }
        let expected: [Int] = switch route {
        case .taikiToken, .taikiVerifyToken: [200, 401, 405, 413, 415, 503]
        case .taikiPriorYear: [200, 400, 401, 405, 413, 415, 503]
        case .taikiBeginRetrieval: [201, 400, 401, 405, 409, 413, 415, 503]
        case .taikiUpload: [201, 400, 401, 404, 405, 409, 503]
        case .taikiFinishRetrieval: [200, 400, 401, 404, 405, 409, 413, 415, 503]
        case .taikiDownload: [200, 403, 405, 503]
        case .quickStartInitializeToken: [200, 400, 401, 405, 413, 415, 503]
        case .linkPage: [200, 405, 413, 415, 503]
        case .linkOpen: [201, 400, 401, 403, 405, 409, 413, 415, 503]
        case .linkPlatforms: [200, 400, 401, 405, 413, 415, 503]
        case .linkBeginAttempt: [201, 400, 401, 405, 413, 415, 503]
        case .linkReadAttempt: [200, 400, 401, 404, 405, 413, 415, 503]
        }
        #expect(Set(files.map(\.status)).isSuperset(of: expected))
    }

    /// What nginx and the adapter make of the file's request.
    private func request(of file: GoldenFile, _ placeholders: Placeholders) throws -> Request {
        var request = Request()
        request.mode = file.mode
        request.method = .init(file.method)
        let target = try placeholders.fill(file.path).split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        request.path.count = 1
        request.path.value = decoded(target[0])
        if target.count > 1 { request.query = .init(String(decoding: target[1], as: UTF8.self)) }
        let body = try placeholders.fill(file.requestBody)
        if Router().route(for: request.path.value)?.route == .taikiUpload {
            request.body = .stream(TestStream(body))
        } else {
            request.body = body.count > Request.maximumBodyBytes ? .tooLarge : .bytes(body)
        }
        for header in file.requestHeaders {
            let value = try placeholders.fill(header.value)
            switch header.name.lowercased() {
            case "content-type": add(value, to: &request.contentType)
            case "authorization": add(value, to: &request.authorization)
            case "taiki-secret": add(value, to: &request.taikiSecret)
            case "taiki-user-id": add(value, to: &request.taikiUserID)
            case "idempotency-key": add(value, to: &request.idempotencyKey)
            case "x-request-id": add(value, to: &request.callerRequestID)
            case "x-correlation-id": add(value, to: &request.callerCorrelationID)
            default: break
            }
        }
        return request
    }

    /// As nginx decodes a path, where `+` stands for itself.
    private func decoded(_ path: ArraySlice<UInt8>) -> [UInt8] {
        PercentEncoding.decodeForm(Array(String(decoding: path, as: UTF8.self).replacing("+", with: "%2B").utf8)[...])
    }

    private func add(_ value: [UInt8], to field: inout Request.Field) {
        field.count += 1
        if field.count == 1 { field.value = value }
    }
}

/// A runner that lets everything pass would be of no use.
@Suite("The runner of the golden files")
struct GoldenRunnerTests {
    private let placeholders = Placeholders(["NAME": "a.c", "OTHER": #"{"x"}"#], bytes: ["BYTE": [0xFF]])

    @Test("reads a file", arguments: ["", "\n"])
    func reads(end: String) throws {
        let file = try GoldenFile(name: "x.http", text: """
            # A sentence: with a colon.
            # mode: sandbox
            # database: away for too long
            POST /api/token?x=1 y
            Content-Type: application/json
            X-Empty:

            {"a": 1}

            =====
            401
            Allow: POST

            {}\(end)
            """)
        #expect(file.mode == .sandbox && file.database == .awayForTooLong)
        #expect(file.method == "POST" && file.path == "/api/token?x=1 y" && file.requestBody == "{\"a\": 1}\n")
        #expect(file.requestHeaders.map(\.name) == ["Content-Type", "X-Empty"])
        #expect(file.requestHeaders.map(\.value) == ["application/json", ""])
        #expect(file.status == 401 && file.answerBody == "{}" && file.answerHeaders.map(\.value) == ["POST"])
    }

    @Test("refuses a file that it does not understand", arguments: [
        "", "# only\n", "POST /\n", "POST /\n=====\n", "POST /\n=====\nOK\n", "POST /\nno header\n=====\n200\n",
        "# database: gone\nPOST /\n=====\n200\n", "# mode: none\nPOST /\n=====\n200\n", "POST\n=====\n200\n",
    ])
    func refuses(text: String) {
        #expect(throws: GoldenMistake.self) { try GoldenFile(name: "x.http", text: text) }
    }

    @Test("fills in what was prepared, and nothing else")
    func fills() throws {
        #expect(try placeholders.fill("<${NAME}|${BYTE}>${NAME}") == Array("<a.c|".utf8) + [0xFF] + Array(">a.c".utf8))
        #expect(throws: GoldenMistake.self) { try placeholders.fill("${UNKNOWN}") }
    }

    @Test("compares the whole of an answer", arguments: [
        ("a.c", "${NAME}", true), ("abc", "${NAME}", false), ("xa.c", "${NAME}", false), ("a.c\n", "${NAME}", false),
        (#"{"x"}"#, "${OTHER}", true), (#"{"d":"a+b\"c*"}"#, #"{"d":"a+b\"c*"}"#, true), ("{}", "{} ", false),
        (#"{"t":"some \"text\""}"#, #"{"t":"${any:text}"}"#, true), (#"{"t":""}"#, #"{"t":"${any:text}"}"#, false),
        (#"{"t":"a","u":"b"}"#, #"{"t":"${any:text}"}"#, false),
        ("a.b-_.c", "${any:jwt}", true), ("a.b", "${any:jwt}", false), ("a.b.c.d", "${any:jwt}", false),
        ("01958c8a-abcd-7000-8000-000000000001", "${any:uuid}", true),
        ("01958C8A-abcd-7000-8000-000000000001", "${any:uuid}", false),
        ("2025-03-12T21:30:00Z", "${any:time}", true), ("2025-03-12 21:30:00Z", "${any:time}", false),
        ("12", "${any:number}", true), ("012", "${any:number}", false), ("", "${any:number}", false),
        ("<!doctype html>\n<p>", "${any:page}", true), ("<p>", "${any:page}", false),
        ("lk_link_\(String(repeating: "a", count: 49))", "${any:secret}", true), ("lk_link_a", "${any:secret}", false),
        ("https://a:8443/b?c=d_-.e", "${any:url}", true), ("https://a\"", "${any:url}", false),
    ])
    func compares(answer: String, text: String, isRight: Bool) throws {
        #expect(try placeholders.matches(answer, text) == isRight)
    }
}
