internal import WireFormats

/// A secret of ours in the form that people copy: shown once to the administrator, kept nowhere.
///
/// A prefix of eight characters that says what it opens, then 256 random bits as 43 characters of base64url, then six
/// characters that let a scanner of leaked secrets tell one from any other text: the CRC-32 of all before them in
/// base 62.
public protocol SecretText: Sendable, CustomStringConvertible, CustomReflectable {
    var text: String { get }
}

extension SecretText {
    /// The beginning, for people to tell their secrets apart; 24 of the 256 bits.
    public var hint: String { String(text.prefix(12)) }

    /// The hint: an interpolation by mistake shows no secret.
    public var description: String { "\(hint)..." }

    public var customMirror: Mirror { Mirror(self, children: ["hint": hint]) }

    static func text(prefix: String, random: [UInt8]) -> String {
        var bytes = Array(prefix.utf8)
        Base64URL.append(random, to: &bytes)
        bytes += base62(CRC32.checksum(of: bytes))
        return String(decoding: bytes, as: UTF8.self)
    }

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
