import JOSE
import Testing
import WireFormats

@testable import LatchkeyCore

@Suite("Attempts")
struct LinkAttemptsTests {
    private let records = ScriptedLinkRecords()
    private let keys: KeyRing
    private let attempts: LinkAttempts

    init() throws {
        keys = try TestKey.ring()
        attempts = LinkAttempts(keys: keys, environment: Fixture.environment(), records: records)
    }

    private func hash(_ text: String) throws -> [UInt8] {
        try HMACSHA256(key: TestKey.second.bytes).authenticationCode(for: Array(text.utf8))
    }

    @Test("are begun with an id of this moment and a state that leads to it", arguments: Mode.allCases)
    func begin(mode: Mode) throws {
        records.begun = .success(
            (.ok, Fixture.app, ScriptedLinkRecords.row(connectorURL: "https://c.example/a?b=c#d")))
        let begun = try attempts.begin(LinkAttemptRequest(
            mode: mode, sessionKey: "lk_link_key", platform: "a-bank", taxYear: 2024, waited: .milliseconds(7)))
        let (asked, call) = try #require(records.beginnings.first)
        #expect(begun.id == asked.id && asked.platform == "a-bank" && asked.taxYear == 2024)
        #expect(asked.id.uuid.high >> 12 & 15 == 7)
        #expect(Int64(asked.id.uuid.high >> 16) == Fixture.now.secondsSinceEpoch * 1000 + 987)
        #expect(try call.keyHashes == [hash("lk_link_key")] && call.mode == mode && call.waited == .milliseconds(7))
        #expect(begun.platformName == "A Bank" && begun.expiresAt == Fixture.now && begun.clientApp == Fixture.app)
        #expect(begun.connectorURL == "https://c.example/a?b=c&state=\(begun.state)#d")
        let states = LinkStates(keys: keys, environment: Fixture.environment())
        #expect(try states.attempt(of: Array(begun.state.utf8)[...], mode: mode) == begun.id)
    }

    @Test("have the state in the query of the connector's page", arguments: [
        ("https://c.example", "https://c.example?state=S"), ("https://c.example/", "https://c.example/?state=S"),
        ("https://c.example/?", "https://c.example/?state=S"), ("https://c.example/?a", "https://c.example/?a&state=S"),
        ("https://c.example/?a=b&", "https://c.example/?a=b&state=S"),
        ("https://c.example/#a?b", "https://c.example/?state=S#a?b"),
        ("https://c.example/?a=b#c", "https://c.example/?a=b&state=S#c"),
    ])
    func connectorURL(url: String, expected: String) {
        #expect(LinkAttempts.url(url, with: "S") == expected)
    }

    @Test("of a platform without a page have no URL")
    func noConnector() throws {
        let begun = try attempts.begin(
            LinkAttemptRequest(mode: .sandbox, sessionKey: "k", platform: "p", taxYear: 2024))
        #expect(begun.connectorURL == nil)
    }

    @Test("are told of as the database does")
    func report() throws {
        let id = LinkAttempt.ID(UUID(high: 1, low: 2))
        let (report, clientApp) = try attempts.report(LinkAttemptQuestion(
            mode: .sandbox, sessionKey: "lk_link_key", attempt: id, waited: .milliseconds(7)))
        #expect(report.status == .working && report.platform == "a-bank" && clientApp == Fixture.app)
        let (asked, call) = try #require(records.questions.first)
        #expect(try asked == id && call.keyHashes == [hash("lk_link_key")] && call.mode == .sandbox)
        #expect(call.waited == .milliseconds(7))
    }
}

@Suite("A state")
struct LinkStatesTests {
    private let keys: KeyRing
    private let states: LinkStates
    private static let attempt = LinkAttempt.ID(UUID(high: 0x0195_8c8a_1234_7000, low: 0x8000_0000_0000_00f1))

    init() throws {
        keys = try TestKey.ring()
        states = LinkStates(keys: keys, environment: Fixture.environment())
    }

    private func refused(_ state: [UInt8], mode: Mode = .production) -> Refusal? {
        refusal { () throws(Refusal) in try states.attempt(of: state[...], mode: mode) }
    }

    @Test("is a token that names the attempt and the mode, and nothing of the user", arguments: Mode.allCases)
    func made(mode: Mode) throws {
        let state = try states.state(of: Self.attempt, mode: mode)
        let claims = try #require(Base64URL.decode(Array(state.utf8).split(separator: UInt8(ascii: "."))[1]))
        #expect(String(decoding: claims, as: UTF8.self) == """
            {"token_type":"link_state","exp":1741818600,"iat":1741815000,"jti":"01958c8a1234700080000000000000f1",\
            "mode":"\(mode.rawValue)"}
            """)
        #expect(try states.attempt(of: Array(state.utf8)[...], mode: mode) == Self.attempt)
        let other: Mode = mode == .production ? .sandbox : .production
        #expect(refused(Array(state.utf8), mode: other)?.reason == "wrong_mode")
    }

    @Test("is no access token, whoever verifies it")
    func noAccessToken() throws {
        for mode in Mode.allCases {
            let state = Array(try states.state(of: Self.attempt, mode: mode).utf8)
            let verifier = TokenVerifier(
                keys: keys, snapshots: SnapshotHolder(VerifierSnapshot(version: 1, activeApps: [Fixture.app])),
                policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(3600),
                environment: Fixture.environment())
            let refused = refusal { () throws(Refusal) in try verifier.verify(state[...], mode: mode) }
            #expect(refused?.kind == .invalidToken && refused?.reason == "invalid_claim")
        }
        // Not even one with all the claims of an access token.
        let both = try TestKey.first.token(Claims.text(["token_type": #""link_state""#]))
        let verified = try Verifier(keys: TestKey.keySet(.first), policy: TokenPolicy())
            .verify(both[...], at: Fixture.now)
        #expect(AccessToken(verified) == nil)
        #expect(try states.attempt(of: both[...], mode: .production) == LinkAttempt.ID(Fixture.tokenID.uuid))
    }

    @Test("is not an access token, nor anything else that we signed", arguments: [
        [:], ["token_type": #""Link_State""#], ["token_type": nil], ["token_type": "1"],
        ["token_type": #""link_state""#, "jti": nil], ["token_type": #""link_state""#, "mode": nil],
        ["token_type": #""link_state""#, "jti": #""00000000-0000-00c1-0000-000000000001""#],
        ["token_type": #""link_state""#, "jti": #""000000000000000000000000000000F1""#],
    ] as [[String: String?]])
    func otherClaims(changes: [String: String?]) throws {
        let refused = refused(try TestKey.first.token(Claims.text(changes)))
        #expect(refused?.kind == .invalidToken && refused?.reason == "invalid_claim")
    }

    @Test("has its time, and its key", arguments: [
        (0, nil), (-3599, nil), (-3600, "expired"), (61, "issued_in_future"),
    ] as [(Int64, String?)])
    func time(age: Int64, reason: String?) throws {
        let issued = Fixture.now.secondsSinceEpoch + age
        let claims = Claims.text([
            "token_type": #""link_state""#, "iat": "\(issued)", "exp": "\(issued + 3600)",
        ])
        #expect(refused(try TestKey.first.token(claims))?.reason == reason)
        #expect(refused(try TestKey.second.token(claims))?.reason == "unknown_key")
        // We name the key; another maker of tokens with our key does not make states.
        let unnamed = try TestKey.first.token(claims, header: #"{"alg":"HS256","typ":"JWT"}"#)
        #expect(refused(unnamed)?.reason == "unknown_key")
    }

    @Test("with any bit changed is none")
    func forged() throws {
        let state = Array(try states.state(of: Self.attempt, mode: .production).utf8)
        for index in state.indices {
            var forged = state
            forged[index] ^= 1
            #expect(refused(forged)?.kind == .invalidToken, "byte \(index)")
        }
        #expect(refused([])?.kind == .invalidToken && refused(state.dropLast())?.kind == .invalidToken)
    }

    @Test("outlives a change of keys, and the next is signed by the new one")
    func rotation() throws {
        let old = Array(try states.state(of: Self.attempt, mode: .production).utf8)
        let before = keys.current.keys
        keys.replace(with: .init(
            tokens: try TestKey.keySet(.second, .first), secretHashes: before.secretHashes,
            downloads: before.downloads))
        #expect(try states.attempt(of: old[...], mode: .production) == Self.attempt)
        let new = try states.state(of: Self.attempt, mode: .production)
        _ = try Verifier(keys: TestKey.keySet(.second), policy: TokenPolicy())
            .verify(Array(new.utf8)[...], at: Fixture.now)
    }
}

@Suite("A cursor of the catalogue")
struct LinkPlatformCursorTests {
    @Test("is read as it was written", arguments: [
        ("First Sandbox Bank", "first-sandbox-bank"), ("", ""), ("\"\\\u{e9}\u{2028}\n", "b"),
        (String(repeating: "\u{1f600}", count: 200), String(repeating: "a", count: 64)),
    ])
    func both(name: String, id: String) throws {
        let cursor = LinkPlatformCursor(name: name, id: id)
        #expect(LinkPlatformCursor(Array(cursor.text.utf8)) == cursor)
    }

    @Test("is no other text", arguments: [
        "[]", #"["a"]"#, #"["a","b","c"]"#, #"["a",1]"#, #"[null,"b"]"#, #"{"a":"b"}"#, #"[ "a","b"]"#,
        #"["\u0061","b"]"#, #""a""#, "", #"["a","b"]x"#,
    ])
    func others(json: String) {
        #expect(LinkPlatformCursor(Base64URL.encode(Array(json.utf8))) == nil)
        #expect(LinkPlatformCursor(Array(json.utf8)) == nil)
    }

    @Test("has a limit")
    func limit() {
        let long = LinkPlatformCursor(name: String(repeating: "a", count: 4096), id: "b")
        #expect(LinkPlatformCursor(Array(long.text.utf8)) == nil)
    }
}
