internal import WireFormats

/// A secret for HMAC with SHA-256 (RFC 7518 sections 3.2 and 6.4).
struct HMACKey: KeyMaterial {
    static let keyType = "oct"

    /// RFC 7518 section 3.2: a key of the size of the hash output or larger.
    static let minimumBytes = 32

    let secret: SecretBytes

    init(jwk: JSONObject, id: KeyID) throws(JOSEError) {
        // A text with escapes is no base64url, and asking for a String would leave a copy in memory.
        guard let text = jwk["k"]?.unescapedBytes, var bytes = Base64URL.decode(text) else {
            throw .invalidKey(id, "its \"k\" must be base64url without padding")
        }
        defer { wipe(&bytes) }
        guard bytes.count >= Self.minimumBytes else {
            throw .invalidKey(id, "it has \(bytes.count) bytes, HS256 demands at least \(Self.minimumBytes)")
        }
        if let weakness = Weakness.of(bytes) {
            throw .invalidKey(id, "\(weakness): make a key of random bytes instead")
        }
        secret = SecretBytes(bytes)
    }

    /// A key that is not judged.
    init(secret: SecretBytes) {
        self.secret = secret
    }

    static func generate() throws(JOSEError) -> HMACKey {
        var bytes = try SecureRandom.bytes(minimumBytes)
        defer { wipe(&bytes) }
        return HMACKey(secret: SecretBytes(bytes))
    }

    func writeMembers(to jwk: inout JSONWriter) {
        var text: [UInt8] = [UInt8(ascii: "\"")]
        secret.withSpan { Base64URL.append($0, to: &text) }
        text.append(UInt8(ascii: "\""))
        jwk.member("k", rawJSON: text)
        wipe(&text)
    }

    func isSecret(_ line: ArraySlice<UInt8>) -> Bool {
        secret.withSpan { secret in
            if line.count == secret.count { return constantTimeEquals(line.span, secret) }
            guard line.count == (secret.count * 4 + 2) / 3, let bytes = Base64URL.decode(line) else { return false }
            return constantTimeEquals(bytes.span, secret)
        }
    }

    func makeContext() throws(JOSEError) -> any KeyContext {
        try HMACSHA256(secret: secret)
    }
}

extension HMACSHA256: KeyContext {
    func sign(_ token: inout [UInt8]) throws(JOSEError) {
        let code = try code(of: token.span)
        token.append(UInt8(ascii: "."))
        Base64URL.append(code.span, to: &token)
    }

    func isSignature(_ signature: [UInt8], of input: Span<UInt8>) throws(JOSEError) -> Bool {
        let code = try code(of: input)
        return constantTimeEquals(code.span, signature.span)
    }
}
