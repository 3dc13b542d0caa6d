internal import HTTPAPI
internal import HTTPTypes
public import Logging
internal import LatchkeyCore
package import WireFormats

/// One JSON object a line: `time` (RFC 3339, UTC), `level`, `message`, and whatever else there is to say. JSONWriter
/// escapes every control character, so that a client's bytes never begin a line of their own.
package struct LogLine {
    private var json = JSONWriter(capacity: 512)
    private var clock = LogClock()

    package init() {}

    /// Begins a line; what was written before is gone.
    package mutating func begin(level: String, message: String) {
        json.clear()
        json.beginObject()
        json.member("time", rawJSON: clock.json(LogClock.microseconds()))
        json.member("level", level)
        json.member("message", message)
    }

    package mutating func member(_ name: String, _ value: some JSONScalar) {
        json.member(name, value)
    }

    /// How long something took: `duration_us`.
    package mutating func duration(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        json.member("duration_us", seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// Ends the line. Nothing may be added after it.
    package mutating func end() -> [UInt8] {
        json.endObject()
        return json.bytes
    }

    /// A whole line.
    static func bytes(level: String, message: String, members: [(name: String, value: String)] = []) -> [UInt8] {
        var line = LogLine()
        line.begin(level: level, message: message)
        for member in members { line.member(member.name, member.value) }
        return line.end()
    }
}

/// swift-log's messages as such lines: the metadata become members.
public struct JSONLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    private let sink: LogSink

    package init(sink: LogSink, level: Logger.Level) {
        self.sink = sink
        logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let members = all.sorted { $0.key < $1.key }.map { (name: $0.key, value: "\($0.value)") }
        sink.write(LogLine.bytes(level: event.level.rawValue, message: "\(event.message)", members: members))
    }
}

/// The line of each request: `request_id`, `endpoint`, `status`, `client_app_id`, `duration_us`, and the `reason` of a
/// refusal. Never a secret, a token or a body. One per worker, which writes all its lines into the same memory.
struct RequestLog {
    private let sink: LogSink
    private let isOn: Bool
    private var line = LogLine()

    init(sink: LogSink, level: Logger.Level) {
        self.sink = sink
        isOn = level <= .info
    }

    mutating func write(_ answer: Responder.Answer, took duration: Duration) {
        let response = answer.response
        let isError = response.status.code >= 500
        guard isOn || isError else { return }
        line.begin(level: isError ? "error" : "info", message: "request")
        line.member("request_id", answer.requestID)
        line.member("endpoint", answer.route?.rawValue ?? "none")
        line.member("status", Int64(response.status.code))
        if let clientApp = response.clientApp { line.member("client_app_id", clientApp.uuid) }
        line.duration(duration)
        if let reason = response.reason { line.member("reason", reason) }
        sink.write(line.end())
    }
}
