/// Digits and characters as ASCII bytes.
public enum ASCII {
    /// 0 to 15 for a hexadecimal digit of either case, 255 for any other byte.
    ///
    /// Selections rather than branches: digits and letters alternate at random, and a processor cannot foresee them.
    @inline(__always)
    static func hexadecimalValue(of byte: UInt8) -> UInt8 {
        let digit = byte &- UInt8(ascii: "0")
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        let letterValue = letter < 6 ? letter &+ 10 : 255
        return digit < 10 ? digit : letterValue
    }

    /// The lower-case digit of the lowest four bits.
    @inline(__always)
    static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        let nibble = value & 0x0f
        return nibble &+ UInt8(ascii: "0") &+ (nibble > 9 ? UInt8(ascii: "a") - UInt8(ascii: "9") - 1 : 0)
    }

    /// Whether it is a hexadecimal digit of either case.
    public static func isHexadecimalDigit(_ byte: UInt8) -> Bool { hexadecimalValue(of: byte) < 16 }

    /// Whether it is a letter of either case or a decimal digit.
    public static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// Whether all bytes are visible characters, 0x21 to 0x7E: no white space, no control, nothing beyond ASCII.
    public static func areVisible(_ bytes: Span<UInt8>) -> Bool {
        var others: UInt64 = 0
        var rest = bytes
        while rest.count >= 8 {
            let word = rest.firstWord
            others |= belowOrBeyond(word, 0x21) | equal(word, 0x7f)
            rest = rest.extracting(droppingFirst: 8)
        }
        for index in rest.indices where !(0x21...0x7e).contains(rest[index]) { return false }
        return others == 0
    }

    // Eight bytes at a time: what these return is 0 if no byte is meant, and otherwise has its lowest bit in the first
    // one that is. Above that one there may be false bits, since the subtractions borrow.

    /// The bytes less than `limit` and those beyond ASCII.
    @inline(__always)
    static func belowOrBeyond(_ word: UInt64, _ limit: UInt8) -> UInt64 {
        ((word &- ones &* UInt64(limit)) & ~word | word) & tops
    }

    /// The bytes that are `byte`.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ ones &* UInt64(byte)
        return (difference &- ones) & ~difference & tops
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080
}

extension Span where Element == UInt8 {
    /// The first eight bytes as a word, the first one lowest. There must be as many.
    var firstWord: UInt64 {
        @inline(__always) get {
            UInt64(self[0]) | UInt64(self[1]) << 8 | UInt64(self[2]) << 16 | UInt64(self[3]) << 24
                | UInt64(self[4]) << 32 | UInt64(self[5]) << 40 | UInt64(self[6]) << 48 | UInt64(self[7]) << 56
        }
    }
}
