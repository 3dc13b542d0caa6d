internal import Glibc
internal import WireFormats

/// A token's three segments (RFC 7515 section 7.1), not yet decoded.
struct CompactToken {
    /// The longest token that is made or looked at.
    static let maximumBytes = 8 * 1024

    private let bytes: ArraySlice<UInt8>
    private let firstDot: Int
    private let secondDot: Int

    /// - Throws: ``JOSEError/tooLarge``; ``JOSEError/malformed`` for a text with fewer than two dots.
    init(_ bytes: ArraySlice<UInt8>) throws(JOSEError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        guard let firstDot = Self.firstDot(in: bytes), let secondDot = Self.firstDot(in: bytes[(firstDot + 1)...])
        else { throw .malformed }
        self.bytes = bytes
        self.firstDot = firstDot
        self.secondDot = secondDot
    }

    /// The index of the first dot (memchr).
    private static func firstDot(in bytes: ArraySlice<UInt8>) -> Int? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress, let dot = unsafe memchr(start, Int32(UInt8(ascii: ".")), buffer.count)
            else { return nil }
            return unsafe bytes.startIndex + (UnsafeRawPointer(dot) - start)
        }
    }

    /// The header, decoded.
    func header() throws(JOSEError) -> [UInt8] {
        try decode(bytes[..<firstDot])
    }

    /// The payload, decoded.
    func payload() throws(JOSEError) -> [UInt8] {
        try decode(bytes[(firstDot + 1)..<secondDot])
    }

    /// The signature, decoded. A text with more than two dots fails here: a dot is not of the alphabet.
    func signature() throws(JOSEError) -> [UInt8] {
        try decode(bytes[(secondDot + 1)...])
    }

    /// What is signed: header, dot and payload as they came.
    var signingInput: ArraySlice<UInt8> { bytes[..<secondDot] }

    private func decode(_ segment: ArraySlice<UInt8>) throws(JOSEError) -> [UInt8] {
        guard let bytes = Base64URL.decode(segment) else { throw .malformed }
        return bytes
    }
}
