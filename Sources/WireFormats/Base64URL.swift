/// Base64 with the URL-safe alphabet and without padding (RFC 4648 section 5, RFC 7515 section 2).
public enum Base64URL {
    /// The encoding of `bytes`: four characters for each three bytes, two or three for a rest of one or two.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        append(bytes.span, to: &output)
        return output
    }

    /// Appends the encoding of `bytes`.
    public static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        append(bytes.span, to: &output)
    }

    /// Appends the encoding of `bytes`.
    public static func append(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) {
        append(bytes.span, to: &output)
    }

    /// Appends the encoding of `bytes`.
    public static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        let capacity = bytes.count / 3 * 4 + (bytes.count % 3 == 0 ? 0 : bytes.count % 3 + 1)
        output.append(addingCapacity: capacity) { output in
            var rest = bytes
            while rest.count >= 3 {
                let bits = UInt32(rest[0]) << 16 | UInt32(rest[1]) << 8 | UInt32(rest[2])
                rest = rest.extracting(droppingFirst: 3)
                output.append(character(bits >> 18))
                output.append(character(bits >> 12))
                output.append(character(bits >> 6))
                output.append(character(bits))
            }
            if rest.count == 1 {
                output.append(character(UInt32(rest[0]) >> 2))
                output.append(character(UInt32(rest[0]) << 4))
            } else if rest.count == 2 {
                let bits = UInt32(rest[0]) << 10 | UInt32(rest[1]) << 2
                output.append(character(bits >> 12))
                output.append(character(bits >> 6))
                output.append(character(bits))
            }
        }
    }

    /// The bytes that `text` encodes, or nil where it is not the one encoding of anything.
    ///
    /// Strict, so that no two texts decode to the same bytes: nothing outside the alphabet is skipped (no white
    /// space, no padding), and the unused bits of the last character must be zero (RFC 4648 sections 3.3 and 3.5).
    public static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        decode(text.span)
    }

    /// The bytes that `text` encodes; see ``decode(_:)-(ArraySlice<UInt8>)``.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        var isStrict = false
        bytes.append(addingCapacity: text.count / 4 * 3 + max(0, text.count % 4 - 1)) { output in
            // All bits that must stay zero: those above the 24 of four characters, and the last character's unused ones.
            var stray: UInt32 = 0
            var rest = text
            while rest.count >= 4 {
                let bits = value(rest[0]) << 18 | value(rest[1]) << 12 | value(rest[2]) << 6 | value(rest[3])
                rest = rest.extracting(droppingFirst: 4)
                stray |= bits & ~0xff_ffff
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
                output.append(UInt8(truncatingIfNeeded: bits >> 8))
                output.append(UInt8(truncatingIfNeeded: bits))
            }
            if rest.count == 2 {
                let bits = value(rest[0]) << 18 | value(rest[1]) << 12
                stray |= bits & ~0xff_0000
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
            } else if rest.count == 3 {
                let bits = value(rest[0]) << 18 | value(rest[1]) << 12 | value(rest[2]) << 6
                stray |= bits & ~0xff_ff00
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
                output.append(UInt8(truncatingIfNeeded: bits >> 8))
            }
            isStrict = stray == 0
        }
        return isStrict ? bytes : nil
    }

    /// The character of the lowest six bits.
    private static func character(_ bits: UInt32) -> UInt8 {
        alphabet[Int(bits & 63)]
    }

    /// The six bits of a character; for any other byte, one that stays above the 24th bit wherever it is shifted.
    private static func value(_ character: UInt8) -> UInt32 {
        values[Int(character)]
    }

    private static let alphabet = InlineArray<64, UInt8> { index in
        let value = UInt8(truncatingIfNeeded: index)
        return switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }

    private static let values = InlineArray<256, UInt32> { byte in
        for value in 0..<64 where Int(alphabet[value]) == byte { return UInt32(value) }
        return notInAlphabet
    }

    /// Shifted by 0, 6, 12 or 18 bits it keeps one of the bits 24 to 31.
    private static let notInAlphabet: UInt32 = 0xff00_0000 | 1 << 18 | 1 << 12 | 1 << 6
}
