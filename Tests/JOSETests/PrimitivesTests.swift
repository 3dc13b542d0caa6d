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
