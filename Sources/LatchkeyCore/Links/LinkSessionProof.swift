internal import JOSE

/// Makes of a session's key what the database knows it by. One per worker: it keeps MAC contexts.
struct LinkSessionProof {
    private var hasher: KeyTools<SecretHasher>

    init(keys: KeyRing) {
        hasher = KeyTools(keys) { keys throws(JOSEError) in try SecretHasher(keys: keys.secretHashes) }
    }

    /// The session's key that a token and an Idempotency-Key make, again and again until our own keys change: nothing
    /// is kept that it could be told from. Another text that we hash has no NUL in it.
    mutating func key(of token: AccessToken.ID, askedFor idempotencyKey: String) throws(JOSEError) -> LinkSessionKey {
        let text = "latchkey link session\0\(token.text)\0\(idempotencyKey)"
        return LinkSessionKey(random: try hasher.current().hashes(of: text)[0])
    }

    /// The hash under which a new key is kept: that of the current one of our keys.
    mutating func newHash(of key: LinkSessionKey) throws(JOSEError) -> [UInt8] {
        try hasher.current().hashes(of: key.text)[0]
    }

    /// - Parameter key: as it was sent. Of a text that is no key there is a hash, too: the database knows none of them.
    mutating func call(_ key: String, mode: Mode, waited: Duration) throws(JOSEError) -> LinkSessionCall {
        LinkSessionCall(keyHashes: try hasher.current().hashes(of: key), mode: mode, waited: waited)
    }
}
