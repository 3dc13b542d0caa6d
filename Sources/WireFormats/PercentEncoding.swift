/// Bytes as `%` and two hexadecimal digits (RFC 3986 section 2.1).
public enum PercentEncoding {
    /// Appends `bytes`, encoded but for those that `keeps` lets stand.
    public static func append(_ bytes: some Sequence<UInt8>, to output: inout [UInt8], keeping keeps: (UInt8) -> Bool) {
        for byte in bytes {
            if keeps(byte) {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "%"))
                for digit in [ASCII.hexadecimalDigit(byte >> 4), ASCII.hexadecimalDigit(byte)] {
                    // In upper case, as section 2.1 would have it.
                    output.append(digit > UInt8(ascii: "9") ? digit & ~0x20 : digit)
                }
            }
        }
    }

    /// The bytes of a name or value in a query, where `+` is a space (URL Standard, application/x-www-form-urlencoded).
    /// A `%` without two digits behind it stands for itself.
    public static func decodeForm(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "%"), text.endIndex - index >= 2 {
                let (high, low) = (ASCII.hexadecimalValue(of: text[index]), ASCII.hexadecimalValue(of: text[index + 1]))
                if high < 16, low < 16 {
                    output.append(high << 4 | low)
                    index += 2
                    continue
                }
            }
            output.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
        }
        return output
    }
}
