internal import WireFormats

/// The keys that tokens are signed and verified with, in order: the first one signs.
public struct KeySet: Sendable {
    /// Never empty; no two of one name.
    public let keys: [Key]

    /// - Throws: ``JOSEError/invalidKeySet(_:)`` for no key at all or two of one name.
    public init(keys: [Key]) throws(JOSEError) {
        guard !keys.isEmpty else { throw .invalidKeySet("the key set holds no key") }
        var seen: Set<KeyID> = []
        for key in keys where !seen.insert(key.id).inserted {
            throw .invalidKeySet("the key set holds two keys with the \"kid\" \(key.id)")
        }
        self.keys = keys
    }

    /// Reads a private JWK Set (RFC 7517 section 5), as in
    /// `{"keys":[{"kty":"oct","kid":"2025-03","alg":"HS256","use":"sig","k":"<base64url>"}]}`.
    ///
    /// - Throws: ``JOSEError/invalidKeySet(_:)`` or ``JOSEError/invalidKey(_:_:)``. RFC 7517 would have keys that are
    ///   not understood ignored; an operator's file with such a key is a mistake, and refused.
    public init(parsingJWKSet text: [UInt8]) throws(JOSEError) {
        let object: JSONObject
        do {
            object = try JSONObject(parsing: text, limits: JSONLimits(maximumBytes: Self.maximumBytes))
        } catch {
            throw .invalidKeySet("the key set is not usable JSON: \(error)")
        }
        guard let elements = object["keys"]?.array else {
            throw .invalidKeySet("the key set has no array \"keys\"")
        }
        var keys: [Key] = []
        for element in elements {
            guard let jwk = element.object else { throw .invalidKeySet("the array \"keys\" holds more than objects") }
            keys.append(try Key(jwk: jwk))
        }
        try self.init(keys: keys)
    }

    /// The longest text of a key set.
    static let maximumBytes = 64 * 1024

    /// The key that signs.
    public var current: Key { keys[0] }

    public subscript(id: KeyID) -> Key? {
        keys.first { $0.id == id }
    }

    /// A set with one new key.
    public static func generateHS256(kid: KeyID) throws(JOSEError) -> KeySet {
        try KeySet(keys: [try Key.generateHS256(kid: kid)])
    }

    /// The set with one more key, which signs from now on or only verifies.
    public func adding(_ key: Key, asCurrent: Bool) throws(JOSEError) -> KeySet {
        try KeySet(keys: asCurrent ? [key] + keys : keys + [key])
    }

    /// The private JWK Set, secrets included: for the key file and nothing else.
    public func jwkSet() -> [UInt8] {
        var json = JSONWriter(capacity: 256 * keys.count)
        json.beginObject()
        json.beginArray("keys")
        for key in keys { key.write(to: &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
