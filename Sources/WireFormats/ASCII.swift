/// Hexadecimal digits as ASCII bytes.
enum ASCII {
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
}
