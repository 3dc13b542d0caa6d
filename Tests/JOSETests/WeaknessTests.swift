@testable import JOSE
import Testing

struct WeaknessTests {
    @Test(arguments: [
        (String(repeating: "a", count: 32), Weakness.fewValues),
        (String(repeating: "\u{0}", count: 64), .fewValues),
        ("0101010101010101010101010101010101010101", .fewValues),
        ("$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$", .fewValues),
        ("kqx7Zp2Wvkqx7Zp2Wvkqx7Zp2Wvkqx7Zp2Wvkq", .repetition),
        ("9f3bc07d1e5a42689f3bc07d1e5a4268", .repetition),
        ("your-256-bit-secret-your-128-bit", .phrase),
        ("ThisIsMySuperSecretKeyForJWTTokens", .phrase),
        ("change-me change me CHANGE_ME now!", .phrase),
        ("P-A-S-S-W-O-R-D for the web server", .phrase),
        ("django-insecure-2k!z@8x#4v$6b%9n^1m", .phrase),
    ])
    func `recognises what people type`(_ secret: String, _ weakness: Weakness) {
        #expect(Weakness.of(secret.bytes) == weakness)
    }

    @Test func `random keys as bytes, hexadecimal and base64url are not weak`() throws {
        for _ in 0..<2_000 {
            let bytes = try SecureRandom.bytes(32)
            #expect(Weakness.of(bytes) == nil)
            let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(Weakness.of(hexadecimal.bytes) == nil)
            #expect(Weakness.of(String(decoding: bytes, as: UTF8.self).base64URL.bytes) == nil)
        }
    }

    @Test func `a weak key is refused with the reason`() {
        for (secret, sentence) in [
            (String(repeating: "a", count: 32), "it has fewer than 8 different bytes"),
            ("9f3bc07d1e5a42689f3bc07d1e5a4268", "it is one piece repeated"),
            ("your-256-bit-secret-your-128-bit", "it is a typed phrase"),
        ] {
            let expected = "key 2025-03: \(sentence): make a key of random bytes instead"
            do {
                _ = try Forge.keys(Forge.jwk(secret: secret.bytes))
                Issue.record("accepted")
            } catch {
                #expect("\(error)" == expected)
            }
        }
    }
}
