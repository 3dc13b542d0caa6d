internal import WireFormats

/// The protected header of a token (RFC 7515 section 4): which key it claims to be signed with.
struct Header {
    let algorithm: Algorithm
    /// Nil where the token names no key.
    let keyID: KeyID?

    /// Members that would fetch or carry a key, or change how the payload is read (RFC 7515 section 4.1,
    /// RFC 7797 section 3, RFC 7516 section 4.1.3). A verifier may ignore them; a token with one is refused, since
    /// whoever wrote it expected otherwise.
    private static let refused = ["jku", "jwk", "x5u", "x5c", "zip", "b64"]

    /// Reads a header that did not prove itself to be one of ours.
    init(parsing text: [UInt8]) throws(JOSEError) {
        guard let members = try? JSONObject(parsing: text) else { throw .malformed }
        guard members["crit"] == nil else { throw .criticalHeader }
        for name in Self.refused {
            guard members[name] == nil else { throw .unsupportedHeader }
        }
        if let type = members["typ"] {
            // Media types are compared without regard to case (RFC 7515 section 4.1.9, RFC 7519 section 5.1).
            guard type.string?.uppercased() == "JWT" else { throw .unsupportedHeader }
        }
        guard let name = members["alg"]?.string, let algorithm = Algorithm(rawValue: name) else {
            throw .algorithmMismatch
        }
        self.algorithm = algorithm
        if let kid = members["kid"] {
            guard let text = kid.string, let id = KeyID(text) else { throw .unknownKey }
            keyID = id
        } else {
            keyID = nil
        }
    }

    /// The header of tokens signed with `key` and the dot behind it, as they stand at the start of the token.
    static func tokenPrefix(for key: Key) -> [UInt8] {
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        json.member("alg", key.algorithm.rawValue)
        json.member("typ", "JWT")
        json.member("kid", key.id.description)
        json.endObject()
        return Base64URL.encode(json.bytes) + [UInt8(ascii: ".")]
    }
}
