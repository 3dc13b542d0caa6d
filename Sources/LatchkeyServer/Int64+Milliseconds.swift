extension Int64 {
    /// Reads a time as nginx writes it ($msec): seconds, a point and three digits, such as `1732189000.123`.
    ///
    /// - Returns: milliseconds; nil for anything else.
    init?(millisecondsOf text: Span<UInt8>) {
        let point = text.count - 4
        // Twelve digits of seconds do not overflow, and last for 30,000 years.
        guard (1...12).contains(point), text[point] == UInt8(ascii: ".") else { return nil }
        var number: Int64 = 0
        for index in text.indices where index != point {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index]) else { return nil }
            number = number * 10 + Int64(text[index] - UInt8(ascii: "0"))
        }
        self = number
    }
}
