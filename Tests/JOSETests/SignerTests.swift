@testable import JOSE
import Testing
import WireFormats

struct SignerTests {
    @Test func `a token is header, claims and code as they were given`() throws {
        let signer = try Signer(key: Forge.keys(Forge.jwk()).current)
        let token = try signer.sign(claims: Forge.claims().bytes)
        #expect(String(decoding: token, as: UTF8.self) == (try Forge.token()))
        // The second one is no different: the context starts anew.
        #expect(try signer.sign(claims: Forge.claims().bytes) == token)
        #expect(try signer.sign(claims: "{}".bytes) == (try Forge.token(claims: "{}").bytes))
    }

    @Test func `a token larger than verifiers accept is not made`() throws {
        let signer = try Signer(key: Forge.keys(Forge.jwk()).current)
        let room = 8192 - Forge.header.base64URL.utf8.count - 2 - 43
        let largest = [UInt8](repeating: UInt8(ascii: " "), count: room * 3 / 4)
        #expect(try signer.sign(claims: largest).count <= 8192)
        #expect(throws: JOSEError.tooLarge) { try signer.sign(claims: largest + largest[..<3]) }
        #expect(throws: JOSEError.tooLarge) { try signer.sign(claims: [UInt8](repeating: 0, count: 1 << 20)) }
    }

    /// The token of RFC 7515 appendix A.1, whose header differs from ours: the code over the same input must be equal.
    @Test func `the example of RFC 7515 appendix A,1 is signed and verified`() throws {
        let k = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let code = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let secret = try #require(Base64URL.decode(k.bytes[...]))
        #expect(try Forge.signature(of: "\(header).\(claims)", secret: secret) == code)

        let keys = try Forge.keys(Forge.jwk(secret: secret))
        let verifier = try Verifier(keys: keys, policy: TokenPolicy(keyForMissingKid: .eachHS256Key))
        let token = "\(header).\(claims).\(code)"
        let payload = try verifier.authenticate(token.bytes[...]).payload
        #expect(payload == "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}".bytes)
        // It has no iat, and has long expired.
        #expect(verifier.refusal(token) == .missingClaim("iat"))
    }
}
