internal import FoundationEssentials
internal import WireFormats

/// The wall clock of the log, to the microsecond.
enum LogClock {
    static func microseconds() -> Int64 {
        Int64(Date.now.timeIntervalSince1970 * 1_000_000)
    }

    /// RFC 3339 with six digits of a second, such as `2025-03-12T21:30:00.000123Z`.
    static func text(_ microseconds: Int64) -> String {
        var text = Array(UnixTime(secondsSinceEpoch: microseconds / 1_000_000).rfc3339.utf8)
        text[text.count - 1] = UInt8(ascii: ".")
        var divisor: Int64 = 100_000
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(microseconds / divisor % 10))
            divisor /= 10
        }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }
}
