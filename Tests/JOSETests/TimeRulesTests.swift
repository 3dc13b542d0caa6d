@testable import JOSE
import Testing
import WireFormats

/// The claims about time, on both sides of each bound. `now` is 1,741,815,000.
struct TimeRulesTests {
    private func refusal(_ claims: String, _ policy: TokenPolicy = TokenPolicy()) throws -> JOSEError? {
        try Forge.verifier(policy).refusal(Forge.token(claims: claims))
    }

    private let leeway10 = TokenPolicy(leeway: .seconds(10))

    @Test func `a token expires at the very second of exp`() throws {
        #expect(try refusal(Forge.claims(exp: "1741815001")) == nil)
        #expect(try refusal(Forge.claims(exp: "1741815000")) == .expired)
        #expect(try refusal(Forge.claims(exp: "1741814999")) == .expired)
        #expect(try refusal(Forge.claims(exp: "1741814991"), leeway10) == nil)
        #expect(try refusal(Forge.claims(exp: "1741814990"), leeway10) == .expired)
    }

    @Test func `a token counts from nbf, less the leeway for clocks`() throws {
        #expect(try refusal(Forge.claims(more: #","nbf":1741815060"#)) == nil)
        #expect(try refusal(Forge.claims(more: #","nbf":1741815061"#)) == .notYetValid)
        let exact = TokenPolicy(futureLeeway: .zero)
        #expect(try refusal(Forge.claims(more: #","nbf":1741815000"#), exact) == nil)
        #expect(try refusal(Forge.claims(more: #","nbf":1741815001"#), exact) == .notYetValid)
        #expect(try refusal(Forge.claims(more: #","nbf":0"#)) == nil)
    }

    @Test func `a token of the future is refused, beyond the leeway for clocks`() throws {
        #expect(try refusal(Forge.claims(iat: "1741815060")) == nil)
        #expect(try refusal(Forge.claims(iat: "1741815061")) == .issuedInFuture)
        #expect(try refusal(Forge.claims(iat: "1741815000"), TokenPolicy(futureLeeway: .zero)) == nil)
        #expect(try refusal(Forge.claims(iat: "1741815001"), TokenPolicy(futureLeeway: .zero)) == .issuedInFuture)
    }

    @Test func `a lifetime of 3,600 seconds is accepted, one second more is not`() throws {
        #expect(try refusal(Forge.claims(exp: "1741818000", iat: "1741814400")) == nil)
        #expect(try refusal(Forge.claims(exp: "1741818001", iat: "1741814400")) == .lifetimeTooLong)
        #expect(try refusal(Forge.claims(exp: "9007199254740991", iat: "1741814400")) == .lifetimeTooLong)
        #expect(try refusal(Forge.claims(exp: "9223372036854775807", iat: "1741814400")) == .lifetimeTooLong)
        #expect(try refusal(Forge.claims(exp: "9223372036854775807", iat: "-9223372036854775808")) == .lifetimeTooLong)
        let policy = TokenPolicy(maximumLifetime: .seconds(Int64.max))
        #expect(try refusal(Forge.claims(exp: "9223372036854775807", iat: "1741814400"), policy) == nil)
    }

    @Test func `exp and iat must be there`() throws {
        #expect(try refusal(Forge.claims(exp: nil)) == .missingClaim("exp"))
        #expect(try refusal(Forge.claims(iat: nil)) == .missingClaim("iat"))
        #expect(try refusal("{}") == .missingClaim("exp"))
    }

    @Test(arguments: [
        "null", #""1741818000""#, "true", "[1741818000]", "{}", "1e999", "-1e999", "1e30", "-1e30",
        "18446744073709551616", "9223372036854775808", "-9223372036854777000", "1e19", #""""#,
    ])
    func `a time that is no number or beyond all bounds is refused`(_ value: String) throws {
        #expect(try refusal(Forge.claims(exp: value)) == .invalidClaim("exp"))
        #expect(try refusal(Forge.claims(iat: value)) == .invalidClaim("iat"))
        #expect(try refusal(Forge.claims(more: #","nbf":\#(value)"#)) == .invalidClaim("nbf"))
    }

    @Test func `a fraction of a second is dropped`() throws {
        let token = try Forge.token(claims: Forge.claims(exp: "1741818000.999", iat: "1.7418144009e9"))
        let verified = try Forge.verifier().verify(token.bytes[...], at: Forge.now)
        #expect(verified.expiresAt == UnixTime(secondsSinceEpoch: 1_741_818_000))
        #expect(verified.issuedAt == UnixTime(secondsSinceEpoch: 1_741_814_400))
        #expect(try refusal(Forge.claims(exp: "1741815000.9")) == .expired)
        #expect(try refusal(Forge.claims(exp: "1741815001.0")) == nil)
        #expect(try refusal(Forge.claims(exp: "-0.5", iat: "-1")) == .expired)
        #expect(try refusal(Forge.claims(exp: "0", iat: "-0")) == .expired)
    }

    @Test(arguments: [#""x""#, #"["x"]"#, "[]", "null", #""""#, "1"])
    func `a token for an audience is refused`(_ audience: String) throws {
        #expect(try refusal(Forge.claims(more: #","aud":\#(audience)"#)) == .audiencePresent)
    }

    @Test(arguments: [
        "", " ", "null", "[]", #""x""#, "1", "foo", "{", "{}}", #"{"exp":1741818000,"iat":1741814400,}"#,
        #"{"exp":1741818000,"iat":1741814400,"exp":1741818000}"#,
        #"{"exp":1,"iat":1741814400,"\u0065xp":1741818000}"#,
        #"{"exp":1741818000,"iat":1741814400,"x":{"a":1,"a":1}}"#,
        #"{"exp":1741818000,"iat":1741814400,"x":"\u0000"}"#,
        #"{"exp":1741818000,"iat":1741814400,"x":"\ud800"}"#,
        "{\"exp\":1741818000,\"iat\":1741814400,\"x\":\(Forge.tooDeep)}",
        "{\"exp\":1741818000,\"iat\":1741814400,\"x\":[\((0..<1025).map { _ in "0" }.joined(separator: ","))]}",
    ])
    func `claims that are not an object with each member once are refused`(_ claims: String) throws {
        #expect(try refusal(claims) == .malformedClaims)
    }

    @Test func `a clock at its ends does not trap`() throws {
        let verifier = try Forge.verifier(TokenPolicy(leeway: .seconds(Int64.max), futureLeeway: .seconds(Int64.max)))
        let token = try Forge.token()
        for seconds in [Int64.min, -1, 0, Int64.max] {
            _ = verifier.refusal(token, at: UnixTime(secondsSinceEpoch: seconds))
            _ = try Forge.verifier().refusal(token, at: UnixTime(secondsSinceEpoch: seconds))
        }
    }
}
