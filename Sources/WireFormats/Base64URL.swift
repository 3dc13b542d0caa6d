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
        // Asked for no capacity, the library would write its count of 0 into the storage that all empty arrays share.
        guard !bytes.isEmpty else { return }
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
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        var isStrict = false
        bytes.append(addingCapacity: text.count / 4 * 3 + max(0, text.count % 4 - 1)) { output in
            // All bits that must stay zero: those above four characters' 24, and the last character's unused ones.
            var stray: UInt32 = 0
            var rest = text
            // Two groups at a time are a fifth faster than one.
            while rest.count >= 8 {
                let first = group(rest[0], rest[1], rest[2], rest[3])
                let second = group(rest[4], rest[5], rest[6], rest[7])
                rest = rest.extracting(droppingFirst: 8)
                stray |= first | second
                append(first, to: &output)
                append(second, to: &output)
            }
            if rest.count >= 4 {
                let bits = group(rest[0], rest[1], rest[2], rest[3])
                rest = rest.extracting(droppingFirst: 4)
                stray |= bits
                append(bits, to: &output)
            }
            stray &= ~0xff_ffff
            if rest.count == 2 {
                let bits = group(rest[0], rest[1], zero, zero)
                stray |= bits & ~0xff_0000
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
            } else if rest.count == 3 {
                let bits = group(rest[0], rest[1], rest[2], zero)
                stray |= bits & ~0xff_ff00
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
                output.append(UInt8(truncatingIfNeeded: bits >> 8))
            }
            isStrict = stray == 0
        }
        return isStrict ? bytes : nil
    }

    /// The 24 bits of four characters; if one is not of the alphabet, with a bit above them set.
    @inline(__always)
    private static func group(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) -> UInt32 {
        values[Int(first)] << 18 | values[Int(second)] << 12 | values[Int(third)] << 6 | values[Int(fourth)]
    }

    /// Appends 24 bits as three bytes.
    @inline(__always)
    private static func append(_ bits: UInt32, to output: inout OutputSpan<UInt8>) {
        output.append(UInt8(truncatingIfNeeded: bits >> 16))
        output.append(UInt8(truncatingIfNeeded: bits >> 8))
        output.append(UInt8(truncatingIfNeeded: bits))
    }

    /// The character of the lowest six bits.
    private static func character(_ bits: UInt32) -> UInt8 {
        alphabet[Int(bits & 63)]
    }

    /// The character of six zero bits.
    private static let zero = UInt8(ascii: "A")

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

    /// The six bits of each character; for any other byte, a value that keeps one of the bits 24 to 31 set when
    /// shifted by 0, 6, 12 or 18.
    private static let values = InlineArray<256, UInt32> { byte in
        for value in 0..<64 where Int(alphabet[value]) == byte { return UInt32(value) }
        return 1 << 24 | 1 << 18 | 1 << 12 | 1 << 6
    }
}
