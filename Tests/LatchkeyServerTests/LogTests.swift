import Glibc
import HTTPAPI
import JOSE
import LatchkeyCore
import Logging
import Synchronization
import Testing
import WireFormats

@testable import LatchkeyServer

/// What clients and operators may send to break a line, or a terminal that shows it. So it is not the argument of any
/// test: those are shown.
private let nasty = [
    "\r\n{\"level\":\"error\"}", "\u{1}\u{1f}", "\u{1b}[2J", "\u{7f}", "\u{85}", "\u{9b}31m", "\u{2028}", "\u{2029}",
    "\"", "\\", "\\\"", "\",\"level\":\"critical", "\t", "\u{e9}\u{1f600}", "", "e\u{301}",
]

@Suite("A log line")
struct LogLineTests {
    @Test("is one line of JSON, whatever stands in it", arguments: nasty.indices)
    func oneLine(row: Int) throws {
        let text = nasty[row]
        var line = LogLine()
        line.begin(level: "error", message: "the line before")
        line.begin(level: "info", message: text)
        line.member("some_name", text)
        line.member("request_id", text)
        line.member("status", 200 as Int64)
        let bytes = line.end()
        #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        let string = String(decoding: bytes, as: UTF8.self)
        #expect(string.unicodeScalars.allSatisfy { !("\u{80}"..."\u{9f}").contains($0) })
        #expect(!string.contains("\u{2028}") && !string.contains("\u{2029}"))
        let object = try JSONObject(parsing: bytes)
        #expect(object.members.map(\.name) == ["time", "level", "message", "some_name", "request_id", "status"])
        #expect(object["level"]?.string == "info" && object["status"]?.integer == 200)
        for name in ["message", "some_name", "request_id"] {
            #expect(object[name]?.string.map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test("holds a NUL as an escape, too")
    func nul() {
        // Not parsed back: our own parser refuses a NUL in any form.
        let text = String(decoding: LogLine.bytes(level: "info", message: "a\0b"), as: UTF8.self)
        #expect(text.hasSuffix(#","message":"a\u0000b"}"#))
    }

    @Test("begins with the time in UTC, to the microsecond")
    func time() throws {
        let object = try JSONObject(parsing: LogLine.bytes(level: "info", message: "m"))
        let time = try #require(object["time"]?.string)
        #expect(time.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
    }
}

@Suite("The clock of the log")
struct LogClockTests {
    @Test("writes RFC 3339 with six digits of a second", arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (1, "1970-01-01T00:00:00.000001Z"),
        (999_999, "1970-01-01T00:00:00.999999Z"),
        (1_000_000, "1970-01-01T00:00:01.000000Z"), (1_741_815_000_000_123, "2025-03-12T21:30:00.000123Z"),
        (1_709_164_800_120_000, "2024-02-29T00:00:00.120000Z"), (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"),
    ] as [(Int64, String)])
    func text(microseconds: Int64, text: String) {
        var clock = LogClock()
        for before: Int64 in [0, 999_999, microseconds] {
            _ = clock.json(before)
            #expect(clock.json(microseconds) == Array("\"\(text)\"".utf8))
        }
    }

    @Test("is the wall clock")
    func now() {
        let distance = LogClock.microseconds() / 1_000_000 - Environment.live.now.secondsSinceEpoch
        #expect((-1...1).contains(distance))
    }
}

@Suite("The log")
struct LogTests {
    @Test("has a message's metadata as members, the message's own before the logger's", arguments: nasty.indices)
    func metadata(row: Int) throws {
        let text = nasty[row]
        let paper = Paper()
        let sink = try LogSink(output: paper.write)
        var logger = Logger(label: "test") { _ in JSONLogHandler(sink: sink, level: .info) }
        logger[metadataKey: "b"] = "logger's"
        logger[metadataKey: "c"] = "\(text)"
        #expect(logger[metadataKey: "b"] == "logger's")
        logger.warning("\(text)", metadata: ["a": "\(text)", "b": "message's"])
        logger.debug("not at this level")
        sink.flush()
        let lines = try paper.lines()
        try #require(lines.count == 1)
        #expect(lines[0].members.map(\.name) == ["time", "level", "message", "a", "b", "c"])
        #expect(lines[0].members.dropFirst().map(\.value.string) == ["warning", text, text, "message's", text])
    }

    private func answer(_ request: Request, refusal: Refusal?) throws -> Responder.Answer {
        var service = Service.idle
        service.issueToken = { _ throws(Refusal) in
            if let refusal { throw refusal }
            return IssuedToken(token: Array("the-token".utf8), user: .init(UUID(high: 0, low: 1)), clientApp: app)
        }
        service.verifyToken = { _, _ throws(Refusal) in throw refusal ?? Refusal(.internalError, reason: "") }
        guard case .answer(let answer) = Responder(service: service).respond(to: request) else {
            throw Conversation.Unanswered()
        }
        return answer
    }

    private let app = ClientApp.ID(UUID(high: 0, low: 7))

    private func request(_ path: String) -> Request {
        var request = Request()
        request.method = .init("POST")
        request.path = .init(path)
        request.mode = .production
        request.requestID = .init("request-1")
        request.authorization = .init("Bearer the-token")
        request.body = .bytes(Array(#"{"api_key":"the-key","api_secret":"the-secret"}"#.utf8))
        return request
    }

    @Test("has a line for each request, without a secret or a token", arguments: [
        ("/api/token", nil,
         ["info", "request", "request-1", "taiki_token", "200", "00000000-0000-0000-0000-000000000007", nil]),
        ("/api/token", Refusal(.invalidClient, reason: "wrong_secret"),
         ["info", "request", "request-1", "taiki_token", "401", nil, "wrong_secret"]),
        ("/api/verify-token", Refusal(.temporarilyUnavailable, reason: "snapshot_stale"),
         ["error", "request", "request-1", "taiki_verify_token", "503", nil, "snapshot_stale"]),
        ("/nowhere", nil, ["info", "request", "request-1", "none", "404", nil, "unknown_path"]),
    ] as [(String, Refusal?, [String?])])
    func request(path: String, refusal: Refusal?, expected: [String?]) throws {
        let paper = Paper()
        let sink = try LogSink(output: paper.write)
        var log = RequestLog(sink: sink, level: .info)
        log.write(try answer(request(path), refusal: refusal), took: .microseconds(1_234_567))
        sink.flush()
        let line = try #require(try paper.lines().first)
        let names = ["level", "message", "request_id", "endpoint", "status", "client_app_id", "reason"]
        #expect(names.map { line[$0]?.string ?? line[$0]?.integer.map(String.init) } == expected)
        #expect(line["duration_us"]?.integer == 1_234_567)
        #expect(line.count == 3 + expected.count { $0 != nil } - 1, "and nothing else")
    }

    @Test("has the lines of failures alone at a higher level", arguments: [
        (Logger.Level.trace, 2), (.info, 2), (.notice, 1), (.error, 1), (.critical, 1),
    ])
    func level(level: Logger.Level, count: Int) throws {
        let paper = Paper()
        let sink = try LogSink(output: paper.write)
        var log = RequestLog(sink: sink, level: level)
        log.write(try answer(request("/api/token"), refusal: nil), took: .zero)
        log.write(try answer(request("/api/token"), refusal: Refusal(.internalError, reason: "x")), took: .zero)
        sink.flush()
        #expect(try paper.lines().count == count)
    }

    @Test("never makes anybody wait: what a stalled output cannot take is dropped and counted")
    func stalled() async throws {
        let paper = Paper()
        let gate = Mutex(false)
        let sink = try LogSink { line in
            while !gate.withLock({ $0 }) { usleep(1000) }
            paper.write(line)
        }
        let line = LogLine.bytes(level: "info", message: String(repeating: "x", count: 1000))
        let start = ContinuousClock.now
        for _ in 0..<5000 { sink.write(line) }
        #expect(start.duration(to: .now) < .seconds(2))
        gate.withLock { $0 = true }
        sink.flush()
        let lines = try paper.lines()
        let dropped = lines.filter { $0["message"]?.string == "log lines were dropped" }
            .compactMap { $0["lines"]?.string.flatMap { Int($0) } }
        #expect(lines.count - dropped.count < 3000 && lines.count - dropped.count > 900)
        #expect(lines.count - dropped.count + dropped.reduce(0, +) == 5000)
    }

    @Test("keeps the lines of many threads whole")
    func threads() async throws {
        let paper = Paper()
        let sink = try LogSink(output: paper.write)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for number in 0..<500 {
                        sink.write(LogLine.bytes(level: "info", message: "m", members: [("n", "\(task)-\(number)")]))
                    }
                }
            }
        }
        sink.flush()
        #expect(try Set(paper.lines().compactMap { $0["n"]?.string }).count == 2000)
    }
}
