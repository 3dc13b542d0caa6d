internal import WireFormats

/// The part of a key that only the family of its algorithm understands. Never printed.
protocol KeyMaterial: Sendable {
    /// The `kty` member of such keys (RFC 7517 section 4.1).
    static var keyType: String { get }

    /// Reads the family's own members of a JWK and refuses a key that is too weak, with ``JOSEError/invalidKey``.
    init(jwk: JSONObject, id: KeyID) throws(JOSEError)

    /// Writes the family's own members of a private JWK, the secret ones included.
    func writeMembers(to jwk: inout JSONWriter)

    /// Whether a line of a list of known secrets is this key, as its bytes or as their base64url.
    func isSecret(_ line: ArraySlice<UInt8>) -> Bool

    /// The key made ready to sign and verify, for one thread.
    func makeContext() throws(JOSEError) -> any KeyContext
}

/// A key made ready for use by one thread: it keeps state of the cryptographic library, and so is not Sendable.
protocol KeyContext: AnyObject {
    /// Appends to `token`, which holds a signing input, a dot and the base64url of the input's signature
    /// (RFC 7515 section 5.1).
    func sign(_ token: inout [UInt8]) throws(JOSEError)

    /// Whether `signature` is this key's signature of `input`, of exactly the length that the algorithm demands.
    func isSignature(_ signature: [UInt8], of input: Span<UInt8>) throws(JOSEError) -> Bool
}
