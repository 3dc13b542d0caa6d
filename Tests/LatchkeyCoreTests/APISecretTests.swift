import JOSE
import Testing

@testable import LatchkeyCore

@Suite("An API secret")
struct APISecretTests {
    @Test("is its prefix, 256 random bits and a checksum", arguments: [
        (Array(0..<32), false, "lk_live_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh80oo1MN"),
        ([UInt8](repeating: 0, count: 32), true, "lk_test_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3vIEoS"),
    ])
    func text(random: [UInt8], sandboxOnly: Bool, text: String) {
        #expect(APISecret(random: random, sandboxOnly: sandboxOnly).text == text)
    }

    @Test("is another one each time", arguments: [false, true])
    func random(sandboxOnly: Bool) throws {
        let secrets = try Set((0..<100).map { _ in try APISecret.generate(sandboxOnly: sandboxOnly).text })
        #expect(secrets.count == 100)
        #expect(secrets.allSatisfy { $0.utf8.count == 57 && $0.hasPrefix(sandboxOnly ? "lk_test_" : "lk_live_") })
    }

    @Test("shows no more of itself than its hint")
    func description() {
        let secret = APISecret(random: Array(0..<32), sandboxOnly: false)
        #expect(secret.hint == "lk_live_AAEC")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])", "\(Optional(secret) as Any)"] {
            #expect(text.contains(secret.hint) && !text.contains("AAECA"), "\(text)")
        }
    }

    @Test("has a checksum that is the CRC-32 of gzip", arguments: [
        ("", 0), ("123456789", 0xcbf4_3926), ("lk_live_", 0x3fc1_2d00),
    ] as [(String, UInt32)])
    func checksum(text: String, checksum: UInt32) {
        #expect(CRC32.checksum(of: Array(text.utf8)) == checksum)
    }
}

@Suite("A hasher of secrets")
struct SecretHasherTests {
    private let first = "e1def4a95271ac05d09f47a6a40d209675db11acff1d950bb38def816a59ffe8"
    private let second = "1a3da33350ffe4b37bb6ac40e306557b5166c424ed10891e0b51e611bc0928a5"

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test("gives the HMAC-SHA-256 under each key, the current key's first")
    func hashes() throws {
        let hasher = try SecretHasher(keys: TestKey.keySet(.first, .second))
        #expect(try hasher.hashes(of: "lk_live_secret").map(hexadecimal) == [first, second])
        #expect(try hasher.hashes(of: "lk_live_secret").map(hexadecimal) == [first, second])
    }

    @Test("cuts nothing off a secret", arguments: [
        "lk_live_secret ", "lk_live_secre", "LK_live_secret", "lk_live_secret\n", "",
        "lk_live_secret" + String(repeating: "x", count: 100), "lk_live_secret\u{301}",
    ])
    func noTruncation(secret: String) throws {
        let hasher = try SecretHasher(keys: TestKey.keySet(.first))
        for text in [secret, secret + "\0"] { #expect(try hasher.hashes(of: text).map(hexadecimal) != [first]) }
    }
}
