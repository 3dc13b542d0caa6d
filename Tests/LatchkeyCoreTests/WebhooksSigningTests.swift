import JOSE
import Testing
import WireFormats

@testable import LatchkeyCore

@Suite("A webhook secret")
struct WebhookSecretTests {
    private let reference = WebhookSecret.Reference(
        id: UUID(high: 0xd1, low: 1), key: KeyID("2025-03")!)

    @Test("is derived from the key that it names, the app and its id")
    func derivation() throws {
        let keys = try TestKey.keySet(.second, .first)
        let secret = try WebhookSecret(reference, of: Fixture.app, keys: keys)
        // By Python's hmac.
        #expect(secret?.text == "whsec_Xswd7zU0zYzGq2xYPYKdI1K27xu6XpPmjWY0tD/QJag=")
    }

    @Test("is another one for another app, id or key, and none without the key")
    func separation() throws {
        let keys = try TestKey.keySet(.first, .second)
        let other = WebhookSecret.Reference(id: UUID(high: 0xd1, low: 2), key: reference.key)
        let otherKey = WebhookSecret.Reference(id: reference.id, key: KeyID("2025-04")!)
        let texts = try [
            WebhookSecret(reference, of: Fixture.app, keys: keys), WebhookSecret(other, of: Fixture.app, keys: keys),
            WebhookSecret(reference, of: Fixture.otherApp, keys: keys),
            WebhookSecret(otherKey, of: Fixture.app, keys: keys),
        ].map { $0?.text }
        #expect(Set(texts).count == 4 && !texts.contains(nil))
        #expect(try WebhookSecret(reference, of: Fixture.app, keys: TestKey.keySet(.second)) == nil)
    }

    @Test("is made with the current key and a new id each time")
    func generate() throws {
        let keys = try TestKey.keySet(.second, .first)
        let environment = Fixture.environment()
        let made = try (0..<3).map { _ in try WebhookSecret.Reference.generate(keys: keys, environment: environment) }
        #expect(Set(made.map(\.id)).count == 3)
        #expect(made.allSatisfy { $0.key == KeyID("2025-04") })
    }

    @Test("shows nothing of itself")
    func description() throws {
        let secret = try #require(try WebhookSecret(reference, of: Fixture.app, keys: TestKey.keySet(.first)))
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("Xswd") && !text.contains("94, 204"), "\(text)")
        }
    }

    @Test("is written in common base64", arguments: [
        ([], ""), ([0xfb], "+w=="), ([0xff, 0xef], "/+8="), ([1, 2, 3], "AQID"), ([0xfb, 0xff, 0xbf, 0], "+/+/AA=="),
    ] as [([UInt8], String)])
    func base64(bytes: [UInt8], text: String) {
        #expect(String(decoding: Base64.encode(bytes), as: UTF8.self) == text)
    }
}

@Suite("A webhook's signature")
struct WebhookSignatureTests {
    /// The example that the reference libraries of Standard Webhooks are tested with.
    private let secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    private let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    private let timestamp = UnixTime(secondsSinceEpoch: 1_614_265_330)
    private let body = Array(#"{"test": 2432232314}"#.utf8)

    private func header(_ secrets: [String], body: [UInt8]? = nil, id: String? = nil) throws -> String? {
        // Without characters in which the two alphabets differ.
        let secrets = try secrets.map { text in
            WebhookSecret(bytes: try #require(Base64URL.decode(ArraySlice(text.utf8))))
        }
        return try WebhookSignature.header(
            id: id ?? self.id, timestamp: timestamp, body: body ?? self.body, secrets: secrets)
    }

    @Test("is that of the specification")
    func example() throws {
        #expect(try header([secret]) == signature)
    }

    @Test("comes once for each secret, in their order, and not at all without one")
    func several() throws {
        let other = String(secret.reversed())
        let otherSignature = try #require(try header([other]))
        #expect(otherSignature != signature)
        #expect(try header([other, secret]) == "\(otherSignature) \(signature)")
        #expect(try header([secret, other]) == "\(signature) \(otherSignature)")
        #expect(try header([]) == nil)
    }

    @Test("is another one for another id or body")
    func bound() throws {
        #expect(try header([secret], body: body + [0x20]) != signature)
        #expect(try header([secret], id: id + "x") != signature)
    }
}
