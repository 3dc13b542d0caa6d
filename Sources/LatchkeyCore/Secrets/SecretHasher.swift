public import JOSE

/// Makes the form in which secrets are stored: HMAC-SHA-256 under a key that is not in the database, so that a copy of
/// the database alone does not even tell whether a guess is right.
///
/// A random secret needs no slow hash. It keeps a context per key, so each worker has one of its own.
public struct SecretHasher {
    private let codes: [HMACSHA256]

    public init(keys: KeySet) throws(JOSEError) {
        var codes: [HMACSHA256] = []
        for key in keys.keys { codes.append(try HMACSHA256(key: key)) }
        self.codes = codes
    }

    /// The secret's hash under each key, the current key's first.
    public func hashes(of secret: String) throws(JOSEError) -> [[UInt8]] {
        let bytes = Array(secret.utf8)
        var hashes: [[UInt8]] = []
        for code in codes { hashes.append(try code.authenticationCode(for: bytes)) }
        return hashes
    }
}
