@testable import JOSE
import Testing

struct PrimitivesTests {
    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // RFC 4231 sections 4.2, 4.3 and 4.7, and a key and message of no bytes.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            "Jefe".bytes, "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
    func `HMAC gives the published codes, again and again`(_ key: [UInt8], _ message: String, _ code: String) throws {
        let mac = try HMACSHA256(key: key)
        for _ in 0..<3 {
            #expect(hexadecimal(try mac.authenticationCode(for: message.bytes)) == code)
            _ = try mac.authenticationCode(for: "something else".bytes)
        }
    }

    @Test func `a key of a set makes codes as its bytes do`() throws {
        let key = try Forge.keys(Forge.jwk()).current
        let code = try HMACSHA256(key: Forge.secret).authenticationCode(for: "message".bytes)
        #expect(try HMACSHA256(key: key).authenticationCode(for: "message".bytes) == code)
    }

    // FIPS 180-4's examples: NIST, "SHA-256" and the million letters.
    @Test(arguments: [
        ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("aaaaaaaaaa", 100_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func `SHA-256 gives the published hashes, however the message is cut`(
        _ text: String, _ times: Int, _ hash: String
    ) throws {
        let whole = (0..<times).flatMap { _ in text.bytes }
        let digest = try SHA256()
        for size in [1 << 20, 65_536, 63] {
            for start in stride(from: 0, to: whole.count, by: size) {
                try digest.update(whole.span.extracting(start..<min(start + size, whole.count)))
            }
            #expect(hexadecimal(try digest.finish()) == hash)
        }
    }

    @Test func `equal bytes are equal, and nothing else is`() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        for other: [UInt8] in [[], [1, 2], [1, 2, 3, 0], [1, 2, 4], [0, 2, 3], [1, 2, 0x83]] {
            #expect(!constantTimeEquals([1, 2, 3], other))
            #expect(!constantTimeEquals(other, [1, 2, 3]))
        }
    }

    @Test func `random bytes are of the count asked for, and differ`() throws {
        for count in [0, 1, 16, 1000] { #expect(try SecureRandom.bytes(count).count == count) }
        #expect(try SecureRandom.bytes(32) != SecureRandom.bytes(32))
        let (one, two) = (try SecureRandom.uint64Pair(), try SecureRandom.uint64Pair())
        #expect(Set([one.0, one.1, two.0, two.1]).count == 4)
    }

    @Test func `a wiped array is empty`() {
        var secret: [UInt8] = [1, 2, 3]
        wipe(&secret)
        #expect(secret.isEmpty)
        wipe(&secret)
    }

    @Test func `secret bytes are lent as they were given`() {
        for bytes: [UInt8] in [[], [7], Forge.secret] {
            #expect(SecretBytes(bytes).withSpan { span in span.indices.map { span[$0] } } == bytes)
        }
    }

    @Test func `each reason has a name of its own for the log`() {
        let errors: [JOSEError] = [
            .malformed, .tooLarge, .unknownKey, .algorithmMismatch, .criticalHeader, .unsupportedHeader, .badSignature,
            .malformedClaims, .missingClaim("exp"), .invalidClaim("exp"), .expired, .notYetValid, .issuedInFuture,
            .lifetimeTooLong, .audiencePresent, .invalidKeySet(""), .keyFile(""),
            .cryptography(function: "f", errors: "e"),
        ]
        #expect(Set(errors.map(\.reason)).count == errors.count)
        for error in errors {
            #expect(error.reason.allSatisfy { $0 == "_" || ("a"..."z").contains($0) })
        }
        #expect(JOSEError.missingClaim("exp").reason == "missing_claim")
    }
}
