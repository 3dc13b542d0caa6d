internal import WireFormats

/// Makes tokens with one key. Not Sendable: one for each thread.
public final class Signer {
    private let context: any KeyContext
    private let prefix: [UInt8]

    /// - Throws: ``JOSEError/cryptography(function:errors:)`` if OpenSSL does not take the key.
    public init(key: Key) throws(JOSEError) {
        context = try key.material.makeContext()
        prefix = Header.tokenPrefix(for: key)
    }

    /// The compact token of `claims`, with the header `{"alg":...,"typ":"JWT","kid":...}` (RFC 7515 section 7.1).
    ///
    /// - Parameter claims: a JSON object in UTF-8, signed as it is.
    /// - Throws: ``JOSEError/tooLarge`` for a token longer than verifiers accept;
    ///   ``JOSEError/cryptography(function:errors:)``.
    public func sign(claims: [UInt8]) throws(JOSEError) -> [UInt8] {
        guard claims.count < CompactToken.maximumBytes else { throw .tooLarge }
        var token: [UInt8] = []
        // 4 characters for 3 bytes, rounded up, and up to 128 for an HS256 signature, its dot and some to spare.
        token.reserveCapacity(prefix.count + claims.count / 3 * 4 + 4 + 128)
        token.append(contentsOf: prefix)
        Base64URL.append(claims, to: &token)
        try context.sign(&token)
        guard token.count <= CompactToken.maximumBytes else { throw .tooLarge }
        return token
    }
}
