@testable import JOSE
import Testing
import WireFormats

struct KeySetTests {
    private func refusal(_ text: String) -> JOSEError? {
        do throws(JOSEError) {
            _ = try KeySet(parsingJWKSet: text.bytes)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(jwk: String) -> JOSEError? {
        refusal("{\"keys\":[\(jwk)]}")
    }

    private static let badType = #"key x: its "kty" must be "oct" for HS256"#
    private static let badAlgorithm = #"key x: its "alg" must be one of: HS256"#
    private static let badEncoding = #"key x: its "k" must be base64url without padding"#
    private static let badName = #"a key's "kid" must be 1 to 64 characters of [A-Za-z0-9._-]"#

    private static let k = String(decoding: Base64URL.encode(Forge.secret), as: UTF8.self)

    @Test func `the first key is current, the others are found by name`() throws {
        let keys = try Forge.keys(Forge.jwk(), Forge.jwk(kid: "2025-02", secret: Forge.otherSecret))
        #expect(keys.keys.map(\.id.description) == ["2025-03", "2025-02"])
        #expect(keys.current.id == KeyID("2025-03"))
        let old = try #require(KeyID("2025-02"))
        #expect(keys[old]?.id == old)
        #expect(keys[old]?.algorithm == .HS256)
        #expect(try keys[#require(KeyID("2025-01"))] == nil)
    }

    @Test func `a set is written as it can be read again`() throws {
        let keys = try Forge.keys(Forge.jwk(), Forge.jwk(kid: "2025-02", secret: Forge.otherSecret))
        let text = keys.jwkSet()
        let again = try KeySet(parsingJWKSet: text)
        #expect(again.jwkSet() == text)
        let first = #"{"keys":[{"kty":"oct","kid":"2025-03","alg":"HS256","use":"sig","k":"\#(Self.k)"},"#
        #expect(String(decoding: text, as: UTF8.self).hasPrefix(first))
        let token = try Signer(key: again.current).sign(claims: Forge.claims().bytes)
        #expect(try Verifier(keys: keys, policy: TokenPolicy()).refusal(token) == nil)
    }

    @Test func `a new key is random, and is added to sign or to verify`() throws {
        let kid = try #require(KeyID("new"))
        let one = try KeySet.generateHS256(kid: kid)
        let two = try KeySet.generateHS256(kid: kid)
        #expect(one.jwkSet() != two.jwkSet())
        #expect(throws: Never.self) { try KeySet(parsingJWKSet: one.jwkSet()) }
        let old = try Forge.keys(Forge.jwk())
        #expect(try old.adding(one.current, asCurrent: true).keys.map(\.id.description) == ["new", "2025-03"])
        #expect(try old.adding(one.current, asCurrent: false).keys.map(\.id.description) == ["2025-03", "new"])
        #expect(throws: JOSEError.self) { try one.adding(two.current, asCurrent: true) }
    }

    @Test(arguments: [
        #""use":"sig""#, #""key_ops":["sign","verify"]"#, #""key_ops":["verify"]"#, #""x":1"#, #""ext":true"#,
        #""use":"sig","key_ops":["sign"]"#,
    ])
    func `members that allow signing, and unknown ones, are no obstacle`(_ member: String) {
        #expect(refusal(jwk: Forge.jwk(more: "," + member)) == nil)
    }

    @Test(arguments: [
        #""use":"enc""#, #""use":"""#, #""use":null"#, #""use":["sig"]"#, #""key_ops":[]"#, #""key_ops":["encrypt"]"#,
        #""key_ops":["sign","encrypt"]"#, #""key_ops":"sign""#, #""key_ops":null"#, #""key_ops":[1]"#, #""use":"SIG""#,
    ])
    func `a key for another use is refused`(_ member: String) throws {
        guard case .invalidKey(let id, _)? = refusal(jwk: Forge.jwk(more: "," + member)) else {
            Issue.record("accepted or refused otherwise")
            return
        }
        #expect(id == KeyID("2025-03"))
    }

    @Test(arguments: [
        (#"{"kid":"x","alg":"HS256","k":"\#(k)"}"#, badType),
        (#"{"kty":"RSA","kid":"x","alg":"HS256","k":"\#(k)"}"#, badType),
        (#"{"kty":"OCT","kid":"x","alg":"HS256","k":"\#(k)"}"#, badType),
        (#"{"kty":"oct","kid":"x","k":"\#(k)"}"#, badAlgorithm),
        (#"{"kty":"oct","kid":"x","alg":"HS384","k":"\#(k)"}"#, badAlgorithm),
        (#"{"kty":"oct","kid":"x","alg":"none","k":"\#(k)"}"#, badAlgorithm),
        (#"{"kty":"RSA","kid":"x","alg":"RS256","n":"x","e":"AQAB"}"#, badAlgorithm),
        (#"{"kty":"oct","kid":"x","alg":"HS256"}"#, badEncoding),
        (#"{"kty":"oct","kid":"x","alg":"HS256","k":1}"#, badEncoding),
        (#"{"kty":"oct","kid":"x","alg":"HS256","k":"\#(k)="}"#, badEncoding),
        (#"{"kty":"oct","kid":"x","alg":"HS256","k":"\u0041\#(k)"}"#, badEncoding),
        (#"{"kty":"oct","kid":"x","alg":"HS256","k":""}"#, "key x: it has 0 bytes, HS256 demands at least 32"),
        (#"{"kty":"oct","alg":"HS256","k":"\#(k)"}"#, badName),
        (#"{"kty":"oct","kid":"a/b","alg":"HS256","k":"\#(k)"}"#, badName),
        (#"{"kty":"oct","kid":7,"alg":"HS256","k":"\#(k)"}"#, badName),
        ("7", #"the array "keys" holds more than objects"#),
    ])
    func `a key that cannot be used is refused with a sentence`(_ jwk: String, _ sentence: String) {
        #expect(refusal(jwk: jwk)?.description == sentence)
    }

    @Test(arguments: [
        ("", "the key set is not usable JSON: The JSON is not valid: unexpected content at byte 0"),
        ("[]", "the key set is not usable JSON: The JSON must be an object"),
        ("{}", #"the key set has no array "keys""#),
        (#"{"keys":{}}"#, #"the key set has no array "keys""#),
        (#"{"keys":[]}"#, "the key set holds no key"),
        (#"{"keys":[],"keys":[]}"#, #"the key set is not usable JSON: The JSON member "keys" is given more than once"#),
    ])
    func `a set that cannot be used is refused with a sentence`(_ text: String, _ sentence: String) {
        #expect(refusal(text)?.description == sentence)
    }

    @Test func `two keys of one name are refused, even if they are equal`() {
        for secret in [Forge.secret, Forge.otherSecret] {
            let error = refusal("{\"keys\":[\(Forge.jwk()),\(Forge.jwk(secret: secret))]}")
            #expect(error == .invalidKeySet("the key set holds two keys with the \"kid\" 2025-03"))
        }
    }

    @Test func `a key of 32 bytes is accepted, one of 31 is not`() throws {
        let secret = try SecureRandom.bytes(32)
        #expect(refusal(jwk: Forge.jwk(secret: secret)) == nil)
        let error = refusal(jwk: Forge.jwk(secret: secret.dropLast()))
        #expect(error?.description == "key 2025-03: it has 31 bytes, HS256 demands at least 32")
    }

    @Test func `names are 1 to 64 harmless characters`() {
        for text in ["a", "A-Z_a.z0", "..", String(repeating: "k", count: 64)] {
            #expect(KeyID(text)?.description == text)
        }
        for text in ["", " ", "a b", "a/b", "a\u{0}", "é", "a\n", "'", String(repeating: "k", count: 65)] {
            #expect(KeyID(text) == nil)
        }
    }

    @Test func `no description and no dump of a key shows its bytes`() throws {
        let keys = try Forge.keys(Forge.jwk())
        var dumped = ""
        dump(keys, to: &dumped)
        for text in ["\(keys)", "\(keys.current)", String(reflecting: keys), String(reflecting: keys.current), dumped] {
            #expect(!text.contains(Self.k))
            #expect(!text.contains("A-fixed-key"))
            #expect(!text.contains("\(Forge.secret[0]), \(Forge.secret[1])"))
        }
        #expect("\(keys.current)" == "HS256 2025-03")
    }
}
