internal import FoundationEssentials
internal import WireFormats

/// The wall clock of the log, to the microsecond.
struct LogClock {
    private var second = Int64.min
    /// RFC 3339 with six digits of a second, in quotes, such as `"2025-03-12T21:30:00.000123Z"`. Lines of one second
    /// differ in these digits alone.
    private var text: [UInt8] = []

    private static let digits = 21...26

    static func microseconds() -> Int64 {
        Int64(Date.now.timeIntervalSince1970 * 1_000_000)
    }

    /// A time as a JSON string.
    mutating func json(_ microseconds: Int64) -> [UInt8] {
        var (second, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        if second != self.second {
            self.second = second
            let time = UnixTime(secondsSinceEpoch: second).rfc3339.dropLast()
            text = Array("\"\(time).000000Z\"".utf8)
        }
        for index in Self.digits.reversed() {
            text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return text
    }
}
