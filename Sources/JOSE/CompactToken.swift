internal import Glibc
internal import WireFormats

/// Where a token's three segments are (RFC 7515 section 7.1), counted from its first byte.
struct CompactToken {
    /// The longest token that is made or looked at.
    static let maximumBytes = 8 * 1024

    let header: Range<Int>
    let payload: Range<Int>
    /// May still hold dots, which are not of the alphabet: such a token fails when this is decoded.
    let signature: Range<Int>

    /// What is signed: header, dot and payload as they came.
    var signingInput: Range<Int> { 0..<payload.upperBound }

    /// - Throws: ``JOSEError/tooLarge``; ``JOSEError/malformed`` for a text with fewer than two dots.
    init(splitting bytes: Span<UInt8>) throws(JOSEError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        guard let headerEnd = Self.firstDot(in: bytes) else { throw .malformed }
        header = 0..<headerEnd
        let rest = bytes.extracting(droppingFirst: headerEnd + 1)
        guard let payloadBytes = Self.firstDot(in: rest) else { throw .malformed }
        payload = headerEnd + 1..<headerEnd + 1 + payloadBytes
        signature = payload.upperBound + 1..<bytes.count
    }

    /// How many bytes stand before the first dot (memchr).
    private static func firstDot(in bytes: Span<UInt8>) -> Int? {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let dot = unsafe memchr(start, Int32(UInt8(ascii: ".")), bytes.count)
            else { return nil }
            return unsafe UnsafeRawPointer(dot) - start
        }
    }

    /// The bytes that a segment encodes.
    static func decode(_ segment: Span<UInt8>) throws(JOSEError) -> [UInt8] {
        guard let bytes = Base64URL.decode(segment) else { throw .malformed }
        return bytes
    }
}
