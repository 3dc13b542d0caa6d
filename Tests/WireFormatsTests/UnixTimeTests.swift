import Testing
import WireFormats

struct UnixTimeTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"),
        (1_741_815_000, "2025-03-12T21:30:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_709_164_800, "2024-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (4_107_456_000, "2100-02-28T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (2_147_483_648, "2038-01-19T03:14:08Z"),
        (-62_167_219_200, "0000-01-01T00:00:00Z"),
        (-62_162_121_600, "0000-02-29T00:00:00Z"),
        (-62_135_596_800, "0001-01-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_300_800, "9999-12-31T23:59:59Z"),
        (-62_167_219_201, "0000-01-01T00:00:00Z"),
        (Int64.max, "9999-12-31T23:59:59Z"),
        (Int64.min, "0000-01-01T00:00:00Z"),
    ])
    func `prints RFC 3339`(_ seconds: Int64, _ text: String) {
        let time = UnixTime(secondsSinceEpoch: seconds)
        #expect(time.rfc3339 == text)
        #expect("\(time)" == text)
    }

    @Test(arguments: [
        (0, 1970), (-1, 1969), (1_735_689_599, 2024), (1_735_689_600, 2025), (951_782_400, 2000), (-62_167_219_200, 0),
        (-62_167_219_201, 0), (.min, 0), (253_402_300_799, 9999), (253_402_300_800, 9999), (.max, 9999),
    ] as [(Int64, Int)])
    func `the year is that in UTC`(seconds: Int64, year: Int) {
        #expect(UnixTime(secondsSinceEpoch: seconds).year == year)
    }

    @Test func `every day of 400 years follows the one before`() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var (year, month, day) = (1600, 1, 1)
        for count in 0..<146_097 {
            // 1600-01-01 is 135,140 days before 1970-01-01.
            let text = UnixTime(secondsSinceEpoch: Int64(count - 135_140) * 86_400).rfc3339
            let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
            if text != "\(year)-\(pad(month))-\(pad(day))T00:00:00Z" {
                Issue.record("\(text) is not \(year)-\(month)-\(day)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            day += 1
            if day > lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(year == 2000)
    }

    @Test(arguments: [
        (0, Duration.seconds(60), 60),
        (100, .seconds(-101), -1),
        (100, .milliseconds(1_999), 101),
        (100, .milliseconds(-1_999), 99),
        (Int64.max, .seconds(1), Int64.max),
        (Int64.max - 1, .seconds(2), Int64.max),
        (Int64.min, .seconds(-1), Int64.min),
        (Int64.max, .seconds(-1), Int64.max - 1),
        (-5, .seconds(Int64.max), Int64.max - 5),
        (5, .seconds(Int64.max), Int64.max),
        (-5, .seconds(Int64.min), Int64.min),
    ])
    func `adds durations and stops at the ends`(_ start: Int64, _ duration: Duration, _ sum: Int64) {
        let time = UnixTime(secondsSinceEpoch: start)
        #expect((time + duration).secondsSinceEpoch == sum)
        #expect(time.advanced(bySeconds: duration.components.seconds).secondsSinceEpoch == sum)
    }

    @Test(arguments: [
        (100, Duration.seconds(60), 40),
        (0, .seconds(-60), 60),
        (100, .milliseconds(1_999), 99),
        (Int64.min, .seconds(1), Int64.min),
        (Int64.max, .seconds(-1), Int64.max),
        (0, .seconds(Int64.min), Int64.max),
        (-1, .seconds(Int64.min), Int64.max),
        (0, .seconds(Int64.max), -Int64.max),
    ])
    func `subtracts durations and stops at the ends`(_ start: Int64, _ duration: Duration, _ difference: Int64) {
        #expect((UnixTime(secondsSinceEpoch: start) - duration).secondsSinceEpoch == difference)
    }

    @Test(arguments: [
        (100, 40, Duration.seconds(60)),
        (40, 100, .seconds(-60)),
        (Int64.max, Int64.min, .seconds(Int64.max)),
        (Int64.min, Int64.max, .seconds(Int64.min)),
        (Int64.max, 0, .seconds(Int64.max)),
        (Int64.min, 0, .seconds(Int64.min)),
    ])
    func `the difference of two times stops at the ends`(_ left: Int64, _ right: Int64, _ duration: Duration) {
        #expect(UnixTime(secondsSinceEpoch: left) - UnixTime(secondsSinceEpoch: right) == duration)
    }

    @Test func `is ordered by its seconds`() {
        #expect(UnixTime(secondsSinceEpoch: -1) < UnixTime(secondsSinceEpoch: 0))
        #expect(UnixTime(secondsSinceEpoch: 7) == UnixTime(secondsSinceEpoch: 7))
    }
}
