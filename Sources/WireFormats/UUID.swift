/// A universally unique identifier: 16 bytes in network order (RFC 9562).
///
/// Any version and variant is accepted: an identifier made elsewhere is opaque here. New ones are version 7.
public struct UUID: Hashable, Sendable {
    /// Bytes 0 to 7, the first one most significant.
    public let high: UInt64
    /// Bytes 8 to 15.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An identifier from its 16 bytes; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        self.init(high: high, low: low)
    }

    /// The 16 bytes, most significant first.
    public var bytes: [UInt8] {
        (0..<16).map { index in
            UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - index % 8 * 8))
        }
    }

    /// A version 7 identifier (RFC 9562 section 5.7): sorts by the time it was made at.
    ///
    /// - Parameters:
    ///   - milliseconds: since 1970-01-01T00:00:00Z; the lowest 48 bits are used.
    ///   - random: two words of a cryptographically secure source; 74 bits of them are used.
    public static func version7(milliseconds: Int64, random: (UInt64, UInt64)) -> UUID {
        UUID(
            high: UInt64(truncatingIfNeeded: milliseconds) << 16 | 0x7000 | random.0 & 0x0fff,
            low: 0x8000_0000_0000_0000 | random.1 & 0x3fff_ffff_ffff_ffff)
    }
}

extension UUID: Comparable {
    /// The order of the bytes, which is that of the text and of PostgreSQL.
    public static func < (left: UUID, right: UUID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension UUID: LosslessStringConvertible {
    /// An identifier from its text, 8-4-4-4-12 hexadecimal digits in any case, and nothing else (RFC 9562 section 4).
    public init?(_ text: String) {
        let utf8 = text.utf8
        self.init(parsing: utf8.span)
    }

    /// An identifier from the ASCII bytes of its text; see ``init(_:)-(String)``.
    public init?(_ text: ArraySlice<UInt8>) {
        self.init(parsing: text.span)
    }

    private init?(parsing text: Span<UInt8>) {
        let dash = UInt8(ascii: "-")
        guard text.count == 36, text[8] == dash, text[13] == dash, text[18] == dash, text[23] == dash else {
            return nil
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var seen: UInt8 = 0
        Self.read(text.extracting(0..<8), into: &high, &seen)
        Self.read(text.extracting(9..<13), into: &high, &seen)
        Self.read(text.extracting(14..<18), into: &high, &seen)
        Self.read(text.extracting(19..<23), into: &low, &seen)
        Self.read(text.extracting(24..<36), into: &low, &seen)
        guard seen < 16 else { return nil }
        self.init(high: high, low: low)
    }

    /// Appends the value of hexadecimal digits to a word, and to `seen` a bit above the lowest four if one is none.
    @inline(__always)
    private static func read(_ text: Span<UInt8>, into word: inout UInt64, _ seen: inout UInt8) {
        for index in text.indices {
            let digit = ASCII.hexadecimalValue(of: text[index])
            seen |= digit
            word = word << 4 | UInt64(digit & 0x0f)
        }
    }

    /// The text in lower case, 36 characters.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the 36 ASCII bytes of ``description``.
    public func append(to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: 36) { output in
            Self.append(high >> 32, digits: 8, to: &output)
            output.append(UInt8(ascii: "-"))
            Self.append(high >> 16, digits: 4, to: &output)
            output.append(UInt8(ascii: "-"))
            Self.append(high, digits: 4, to: &output)
            output.append(UInt8(ascii: "-"))
            Self.append(low >> 48, digits: 4, to: &output)
            output.append(UInt8(ascii: "-"))
            Self.append(low, digits: 12, to: &output)
        }
    }

    /// Appends the lowest digits of a word.
    @inline(__always)
    private static func append(_ word: UInt64, digits: Int, to output: inout OutputSpan<UInt8>) {
        var rest = word << UInt64(64 - 4 * digits)
        for _ in 0..<digits {
            output.append(ASCII.hexadecimalDigit(UInt8(truncatingIfNeeded: rest >> 60)))
            rest <<= 4
        }
    }
}
