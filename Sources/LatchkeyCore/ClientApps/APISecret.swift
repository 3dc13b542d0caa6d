public import JOSE
internal import WireFormats

/// The secret that proves a credential: shown once to the administrator, kept nowhere.
///
/// `lk_live_` or `lk_test_`, then 256 random bits as 43 characters of base64url, then six characters that let a scanner
/// of leaked secrets tell one from any other text: the CRC-32 of all before them in base 62.
public struct APISecret: Sendable {
    public let text: String

    /// - Parameter sandboxOnly: whether its credential works in the sandbox alone, which its prefix shows.
    public static func generate(sandboxOnly: Bool) throws(JOSEError) -> APISecret {
        APISecret(random: try SecureRandom.bytes(32), sandboxOnly: sandboxOnly)
    }

    init(random: [UInt8], sandboxOnly: Bool) {
        var bytes = Array((sandboxOnly ? "lk_test_" : "lk_live_").utf8)
        Base64URL.append(random, to: &bytes)
        bytes += Self.base62(CRC32.checksum(of: bytes))
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The beginning, for people to tell their secrets apart; 24 of the 256 bits.
    public var hint: String { String(text.prefix(12)) }

    /// Six digits, the most significant first.
    private static func base62(_ number: UInt32) -> [UInt8] {
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var rest = Int(number)
        var text: [UInt8] = []
        for _ in 0..<6 {
            text.append(digits[rest % 62])
            rest /= 62
        }
        return text.reversed()
    }
}

extension APISecret: CustomStringConvertible, CustomReflectable {
    /// The hint: an interpolation by mistake shows no secret.
    public var description: String { "\(hint)..." }

    public var customMirror: Mirror { Mirror(self, children: ["hint": hint]) }
}

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
