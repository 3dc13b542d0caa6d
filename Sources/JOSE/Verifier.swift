internal import Glibc
public import WireFormats

/// Decides whether a token is to be believed (RFC 7515 section 5.2, RFC 7519 section 7.2, RFC 8725 section 3).
///
/// Not Sendable: one for each thread, since it keeps a context of the cryptographic library for each key.
public final class Verifier {
    /// A key, how the tokens begin that were signed with it here, and its context.
    private final class Entry {
        let key: Key
        let prefix: [UInt8]
        let context: any KeyContext

        init(_ key: Key) throws(JOSEError) {
            self.key = key
            prefix = Header.tokenPrefix(for: key)
            context = try key.material.makeContext()
        }
    }

    private let entries: [Entry]
    private let policy: TokenPolicy
    private let rules: TimeRules

    /// - Throws: ``JOSEError/cryptography(function:errors:)`` if OpenSSL does not take a key.
    public init(keys: KeySet, policy: TokenPolicy) throws(JOSEError) {
        var entries: [Entry] = []
        for key in keys.keys {
            entries.append(try Entry(key))
        }
        self.entries = entries
        self.policy = policy
        rules = TimeRules(policy)
    }

    /// Verifies a compact token. No claim is looked at before the signature is found right.
    ///
    /// - Parameter now: the time at which the token must be valid.
    /// - Throws: the first reason against it.
    public func verify(_ token: ArraySlice<UInt8>, at now: UnixTime) throws(JOSEError) -> VerifiedToken {
        let (keyID, payload) = try authenticate(token)
        guard let claims = try? JSONObject(parsing: payload) else { throw .malformedClaims }
        let (issuedAt, expiresAt) = try rules.check(claims, at: now)
        return VerifiedToken(keyID: keyID, claims: claims, issuedAt: issuedAt, expiresAt: expiresAt)
    }

    /// The payload of a token whose signature is right, and the key that it named.
    func authenticate(_ token: ArraySlice<UInt8>) throws(JOSEError) -> (keyID: KeyID?, payload: [UInt8]) {
        let bytes = token.span
        let segments = try CompactToken(splitting: bytes)
        let input = bytes.extracting(segments.signingInput)
        let signature = try CompactToken.decode(bytes.extracting(segments.signature))
        // Our own tokens begin with a text that is known beforehand: their header need not be read.
        for entry in entries where begins(bytes, with: entry.prefix) {
            guard try entry.context.isSignature(signature, of: input) else { throw .badSignature }
            return (entry.key.id, try CompactToken.decode(bytes.extracting(segments.payload)))
        }
        let header = try Header(parsing: try CompactToken.decode(bytes.extracting(segments.header)))
        for entry in try candidates(for: header) where try entry.context.isSignature(signature, of: input) {
            return (header.keyID, try CompactToken.decode(bytes.extracting(segments.payload)))
        }
        throw .badSignature
    }

    /// The keys that may have signed a token with this header: never one of another algorithm.
    private func candidates(for header: Header) throws(JOSEError) -> [Entry] {
        if let id = header.keyID {
            guard let entry = entries.first(where: { $0.key.id == id }) else { throw .unknownKey }
            guard entry.key.algorithm == header.algorithm else { throw .algorithmMismatch }
            return [entry]
        }
        guard policy.keyForMissingKid == .eachHS256Key else { throw .unknownKey }
        guard header.algorithm == .HS256 else { throw .algorithmMismatch }
        let candidates = entries.filter { $0.key.algorithm == .HS256 }
        guard !candidates.isEmpty else { throw .unknownKey }
        return candidates
    }

    /// Whether `token` starts with `prefix` (memcmp: neither is a secret).
    private func begins(_ token: Span<UInt8>, with prefix: [UInt8]) -> Bool {
        guard token.count >= prefix.count else { return false }
        return unsafe token.withUnsafeBytes { token in
            unsafe prefix.withUnsafeBytes { prefix in
                guard let token = token.baseAddress, let prefixStart = prefix.baseAddress else { return false }
                return unsafe memcmp(token, prefixStart, prefix.count) == 0
            }
        }
    }
}
