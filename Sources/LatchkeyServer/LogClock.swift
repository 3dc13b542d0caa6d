internal import FoundationEssentials
internal import WireFormats

/// The wall clock of the log, to the microsecond.
enum LogClock {
    static func microseconds() -> Int64 {
        Int64(Date.now.timeIntervalSince1970 * 1_000_000)
    }

    /// RFC 3339 with six digits of a second, such as `2025-03-12T21:30:00.000123Z`.
    static func text(_ microseconds: Int64) -> String {
        let seconds = UnixTime(secondsSinceEpoch: microseconds / 1_000_000).rfc3339
        let fraction = String(microseconds % 1_000_000 + 1_000_000)
        return seconds.dropLast() + "." + fraction.dropFirst() + "Z"
    }
}
