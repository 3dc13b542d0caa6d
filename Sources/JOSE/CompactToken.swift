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
        guard let firstDot = bytes.firstIndex(of: UInt8(ascii: ".")),
            let lastDot = bytes.lastIndex(of: UInt8(ascii: ".")), firstDot < lastDot
        else { throw .malformed }
        self.bytes = bytes
        self.firstDot = firstDot
        self.lastDot = lastDot
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
