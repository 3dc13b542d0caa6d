/// A moment in whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time, RFC 7519 NumericDate).
///
/// Arithmetic never traps: it stops at the ends of `Int64`, which are 292 thousand million years away.
public struct UnixTime: Hashable, Sendable {
    public let secondsSinceEpoch: Int64

    public init(secondsSinceEpoch: Int64) {
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// The moment a number of seconds later, or earlier for a negative number.
    public func advanced(bySeconds seconds: Int64) -> UnixTime {
        let (sum, overflow) = secondsSinceEpoch.addingReportingOverflow(seconds)
        guard overflow else { return UnixTime(secondsSinceEpoch: sum) }
        return UnixTime(secondsSinceEpoch: seconds < 0 ? .min : .max)
    }

    /// The moment a duration later. A part of a second in it is dropped (towards zero).
    public static func + (time: UnixTime, duration: Duration) -> UnixTime {
        time.advanced(bySeconds: duration.components.seconds)
    }

    /// The moment a duration earlier. A part of a second in it is dropped (towards zero).
    public static func - (time: UnixTime, duration: Duration) -> UnixTime {
        let (difference, overflow) = time.secondsSinceEpoch.subtractingReportingOverflow(duration.components.seconds)
        guard overflow else { return UnixTime(secondsSinceEpoch: difference) }
        return UnixTime(secondsSinceEpoch: duration < .zero ? .max : .min)
    }

    /// How much later `left` is than `right`: whole seconds, negative if it is earlier.
    public static func - (left: UnixTime, right: UnixTime) -> Duration {
        let (difference, overflow) = left.secondsSinceEpoch.subtractingReportingOverflow(right.secondsSinceEpoch)
        guard overflow else { return .seconds(difference) }
        return .seconds(left < right ? Int64.min : Int64.max)
    }
}

extension UnixTime: Comparable {
    public static func < (left: UnixTime, right: UnixTime) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }
}

extension UnixTime: CustomStringConvertible {
    /// The moment as in `2025-03-12T21:30:00Z` (RFC 3339 section 5.6).
    ///
    /// RFC 3339 has years of four digits only: a moment outside the years 0 to 9999 reads as the nearest one inside.
    public var rfc3339: String {
        let (day, secondOfDay) = daysSinceYear0
        let date = Self.civilDate(daysSinceYear0: day)

        var text: [UInt8] = []
        text.reserveCapacity(20)
        func append(_ number: Int64, digits: Int) {
            var divisor: Int64 = digits == 4 ? 1_000 : 10
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
                divisor /= 10
            }
        }
        append(date.year, digits: 4)
        text.append(UInt8(ascii: "-"))
        append(date.month, digits: 2)
        text.append(UInt8(ascii: "-"))
        append(date.day, digits: 2)
        text.append(UInt8(ascii: "T"))
        append(secondOfDay / 3_600, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(secondOfDay / 60 % 60, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(secondOfDay % 60, digits: 2)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    public var description: String { rfc3339 }

    /// The year in UTC; outside of 0 to 9999 the nearest of them.
    public var year: Int { Int(Self.civilDate(daysSinceYear0: daysSinceYear0.day).year) }

    /// Days from 0000-01-01 on, and seconds of the day; of the nearest moment in the years 0 to 9999.
    private var daysSinceYear0: (day: Int64, secondOfDay: Int64) {
        let year0: Int64 = -62_167_219_200
        let year9999End: Int64 = 253_402_300_799
        let seconds = min(max(secondsSinceEpoch, year0), year9999End) - year0
        let (day, secondOfDay) = seconds.quotientAndRemainder(dividingBy: 86_400)
        return (day, secondOfDay)
    }

    /// The Gregorian date of a day, counted from 0000-01-01, in the years 0 to 9999.
    ///
    /// Years are reckoned from 1 March, so that the leap day is a year's last and months have a fixed pattern of
    /// lengths: 153 days in each five months.
    private static func civilDate(daysSinceYear0 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // 0000-03-01 is day 60 of the leap year 0; an era of 400 years earlier keeps the numerator positive.
        let daysInEra: Int64 = 146_097
        let shifted = days - 60 + daysInEra
        let era = shifted / daysInEra
        let dayOfEra = shifted % daysInEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + (era - 1) * 400 + (month <= 2 ? 1 : 0)
        return (year, month, day)
    }
}
