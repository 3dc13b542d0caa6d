import JOSE
import Testing
import WireFormats

@testable import LatchkeyCore

@Suite("An access token")
struct AccessTokenTests {
    @Test("has these claims in this order", arguments: Mode.allCases)
    func claims(mode: Mode) {
        #expect(String(decoding: Fixture.accessToken(mode: mode).claims, as: UTF8.self) == """
            {"token_type":"access","exp":1741818600,"iat":1741815000,"jti":"00000000000000c10000000000000001",\
            "client_app_id":"00000000-0000-00a1-0000-000000000001",\
            "taiki_user_id":"00000000-0000-00b1-0000-000000000001","mode":"\(mode.rawValue)"}
            """)
    }

    @Test("expires an hour after it was issued")
    func lifetime() {
        #expect(Fixture.accessToken().expiresAt == UnixTime(secondsSinceEpoch: 1_741_815_000 + 3600))
    }

    @Test("is read back from its own claims", arguments: Mode.allCases)
    func roundTrip(mode: Mode) throws {
        let keys = try TestKey.keySet(.first)
        let token = try Signer(key: keys.current).sign(claims: Fixture.accessToken(mode: mode).claims)
        let verified = try Verifier(keys: keys, policy: TokenPolicy()).verify(token[...], at: Fixture.now)
        #expect(AccessToken(verified) == Fixture.accessToken(mode: mode))
    }
}

@Suite("The id of an access token")
struct AccessTokenIDTests {
    private func id(_ text: String) -> AccessToken.ID? { AccessToken.ID(Array(text.utf8)[...]) }

    @Test("is 32 lower-case hex digits, read and printed alike", arguments: [
        ("00000000000000000000000000000000", 0, 0),
        ("00000000000000000000000000000001", 0, 1),
        ("00000000000000010000000000000000", 1, 0),
        ("0123456789abcdeffedcba9876543210", 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210),
        ("ffffffffffffffffffffffffffffffff", UInt64.max, UInt64.max),
    ])
    func roundTrip(text: String, high: UInt64, low: UInt64) {
        #expect(id(text) == AccessToken.ID(high: high, low: low))
        #expect(AccessToken.ID(high: high, low: low).text == text)
    }

    @Test("is nothing else", arguments: [
        "", "0", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0",
        "0123456789ABCDEF0123456789abcdef", "0123456789abcdeg0123456789abcdef", "0123456789abcde/0123456789abcdef",
        "0123456789abcde:0123456789abcdef", "0123456789abcde`0123456789abcdef", " 123456789abcdef0123456789abcdef",
        "01234567-89ab-cdef-0123-456789abcdef", "0x23456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcd\u{e9}",
    ])
    func refused(text: String) {
        #expect(id(text) == nil)
    }

    @Test("may stand in the middle of other bytes")
    func slice() {
        let bytes = Array("\"0123456789abcdeffedcba9876543210\"".utf8)
        #expect(AccessToken.ID(bytes[1..<33])?.text == "0123456789abcdeffedcba9876543210")
    }
}
