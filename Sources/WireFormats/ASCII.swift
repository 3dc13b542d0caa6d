/// Hexadecimal digits as ASCII bytes.
enum ASCII {
    /// 0 to 15 for a hexadecimal digit of either case, nil for any other byte.
    static func hexadecimalValue(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The lower-case digit of the lowest four bits.
    static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        let nibble = value & 0x0f
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
