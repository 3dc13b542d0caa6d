internal import JOSE

/// Makes of a collector's key what the database knows it by. One per worker: it keeps MAC contexts.
struct CollectorProof {
    private var hasher: KeyTools<SecretHasher>

    init(keys: KeyRing) {
        hasher = KeyTools(keys) { keys throws(JOSEError) in try SecretHasher(keys: keys.secretHashes) }
    }

    /// The key's hash under each of our keys. Of a text that is no key, too: the database knows none of them.
    mutating func hashes(of key: String) throws(JOSEError) -> [[UInt8]] {
        try hasher.current().hashes(of: key)
    }
}
