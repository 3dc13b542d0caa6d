@testable import JOSE
import WireFormats

extension String {
    /// The UTF-8 bytes.
    var bytes: [UInt8] { Array(utf8) }

    var base64URL: String { String(decoding: Base64URL.encode(bytes), as: UTF8.self) }
}

/// Makes tokens of any kind, right and wrong ones.
struct Forge {
    /// The time of all tests: 2025-03-12T21:30:00Z.
    static let now = UnixTime(secondsSinceEpoch: 1_741_815_000)

    static let secret = "A-fixed-key_of 48 bytes, made up for these tests".bytes
    static let otherSecret = "Another key of 48 bytes: as long, but not equal.".bytes

    static let kid = "2025-03"

    static func jwk(kid: String = kid, secret: [UInt8] = secret, more: String = "") -> String {
        let k = String(decoding: Base64URL.encode(secret), as: UTF8.self)
        return #"{"kty":"oct","kid":"\#(kid)","alg":"HS256","k":"\#(k)"\#(more)}"#
    }

    static func keys(_ jwks: String...) throws -> KeySet {
        try KeySet(parsingJWKSet: "{\"keys\":[\(jwks.joined(separator: ","))]}".bytes)
    }

    static let header = #"{"alg":"HS256","typ":"JWT","kid":"\#(kid)"}"#

    /// Arrays within each other, one more than is accepted within an object.
    static let tooDeep = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)

    static func claims(
        exp: String? = "1741818000", iat: String? = "1741814400", more: String = ""
    ) -> String {
        let members = [#""token_type":"access""#, exp.map { "\"exp\":\($0)" }, iat.map { "\"iat\":\($0)" }]
        return "{" + members.compactMap { $0 }.joined(separator: ",") + more + "}"
    }

    /// A token of any two texts, signed with any key.
    static func token(
        header: String = header, claims: String = claims(), secret: [UInt8] = secret
    ) throws -> String {
        let input = header.base64URL + "." + claims.base64URL
        return input + "." + (try signature(of: input, secret: secret))
    }

    /// The base64url of HMAC with SHA-256.
    static func signature(of input: String, secret: [UInt8] = secret) throws -> String {
        let code = try HMACSHA256(key: secret).authenticationCode(for: input.bytes)
        return String(decoding: Base64URL.encode(code), as: UTF8.self)
    }

    static func verifier(_ policy: TokenPolicy = TokenPolicy()) throws -> Verifier {
        try Verifier(keys: keys(jwk(), jwk(kid: "2025-02", secret: otherSecret)), policy: policy)
    }
}

extension Verifier {
    /// Why a token is refused; nil if it is accepted.
    func refusal(_ token: String, at now: UnixTime = Forge.now) -> JOSEError? {
        refusal(token.bytes, at: now)
    }

    func refusal(_ token: [UInt8], at now: UnixTime = Forge.now) -> JOSEError? {
        do throws(JOSEError) {
            _ = try verify(token[...], at: now)
            return nil
        } catch {
            return error
        }
    }
}
