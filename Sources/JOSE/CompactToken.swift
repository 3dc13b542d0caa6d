internal import WireFormats

/// A token's three segments (RFC 7515 section 7.1), not yet decoded.
struct CompactToken {
    /// The longest token that is made or looked at.
    static let maximumBytes = 8 * 1024

    private let bytes: ArraySlice<UInt8>
    private let firstDot: Int
    private let lastDot: Int

    /// - Throws: ``JOSEError/tooLarge``; ``JOSEError/malformed`` for a text with fewer than two dots.
    init(_ bytes: ArraySlice<UInt8>) throws(JOSEError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        // The signature is the shorter part: the last dot is looked for from behind, and the first one from the front.
        let span = bytes.span
        var last = span.count - 1
        while last >= 0, span[last] != UInt8(ascii: ".") { last -= 1 }
        var first = 0
        while first < last, span[first] != UInt8(ascii: ".") { first += 1 }
        guard first < last else { throw .malformed }
        self.bytes = bytes
        firstDot = bytes.startIndex + first
        lastDot = bytes.startIndex + last
    }

    /// The header, decoded.
    func header() throws(JOSEError) -> [UInt8] {
        try decode(bytes[..<firstDot])
    }

    /// The payload, decoded. A text with more than two dots fails here: a dot is not of the alphabet.
    func payload() throws(JOSEError) -> [UInt8] {
        try decode(bytes[(firstDot + 1)..<lastDot])
    }

    /// The signature, decoded.
    func signature() throws(JOSEError) -> [UInt8] {
        try decode(bytes[(lastDot + 1)...])
    }

    /// What is signed: header, dot and payload as they came.
    var signingInput: ArraySlice<UInt8> { bytes[..<lastDot] }

    private func decode(_ segment: ArraySlice<UInt8>) throws(JOSEError) -> [UInt8] {
        guard let bytes = Base64URL.decode(segment) else { throw .malformed }
        return bytes
    }
}
