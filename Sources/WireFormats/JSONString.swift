/// The meaning of a JSON string that a ``JSONReader`` has accepted.
enum JSONString {
    /// The UTF-8 bytes that `text`, taken between the quotes, stands for (RFC 8259 section 7).
    static func unescape(_ text: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "\\"), index + 1 < text.count else {
                output.append(text[index])
                index += 1
                continue
            }
            let letter = text[index + 1]
            index += 2
            switch letter {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "n"): output.append(0x0a)
            case UInt8(ascii: "f"): output.append(0x0c)
            case UInt8(ascii: "r"): output.append(0x0d)
            case UInt8(ascii: "u"):
                var value = codeUnit(text, at: index)
                index += 4
                if value & 0xfc00 == 0xd800 {
                    // The second half follows as `\uXXXX`.
                    value = 0x10000 + (value & 0x3ff) << 10 + codeUnit(text, at: index + 2) & 0x3ff
                    index += 6
                }
                let scalar = Unicode.Scalar(value) ?? "\u{fffd}"
                output.append(contentsOf: String(scalar).utf8)
            default: output.append(letter)
            }
        }
        return output
    }

    static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    private static func codeUnit(_ text: Span<UInt8>, at start: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in start..<start + 4 where index < text.count {
            value = value << 4 | UInt32(ASCII.hexadecimalValue(of: text[index]))
        }
        return value
    }
}
