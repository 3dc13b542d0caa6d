/// Why a secret of sufficient length was evidently not made by a random generator.
///
/// It catches what people type. Only a random generator makes a strong key, and no rule can tell that one was used.
enum Weakness: String, CustomStringConvertible {
    case fewValues = "it has fewer than 8 different bytes"
    case repetition = "it is one piece repeated"
    case phrase = "it is a typed phrase"

    var description: String { rawValue }

    static func of(_ secret: [UInt8]) -> Weakness? {
        if Set(secret).count < 8 { return .fewValues }
        if isRepetition(secret) { return .repetition }
        if holdsPhrase(secret) { return .phrase }
        return nil
    }

    /// Whether it is a piece of at most half its length again and again, the last time perhaps cut.
    private static func isRepetition(_ secret: [UInt8]) -> Bool {
        guard secret.count >= 2 else { return false }
        return (1...secret.count / 2).contains { period in
            zip(secret, secret.dropFirst(period)).allSatisfy { $0 == $1 }
        }
    }

    /// Whether it is printable ASCII and holds a word that examples and tutorials are full of, in any case.
    private static func holdsPhrase(_ secret: [UInt8]) -> Bool {
        guard secret.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return false }
        let letters = String(decoding: secret, as: UTF8.self).lowercased().filter { $0.isLetter || $0.isNumber }
        return phrases.contains { letters.contains($0) }
    }

    /// Lower-case letters and digits only; each too long to turn up in a random text.
    private static let phrases = [
        "secret", "password", "passw0rd", "passphrase", "changeme", "changethis", "changeit", "replaceme",
        "replacethis", "example", "default", "qwerty", "letmein", "12345678", "abcdefgh", "yourkey", "privatekey",
        "signingkey", "jwtkey", "mykey", "random", "development", "insecure", "verysafe", "supersafe", "testtest",
        "test123",
    ]
}
