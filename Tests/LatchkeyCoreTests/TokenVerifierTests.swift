import JOSE
import LatchkeyCore
import Testing
import WireFormats

/// A verifier with one active app, and what else a test gives it.
private struct World {
    let snapshots: SnapshotHolder
    let keys: KeyRing
    let verifier: TokenVerifier

    init(_ snapshot: VerifierSnapshot = VerifierSnapshot(version: 1, activeApps: [Fixture.app])) throws {
        snapshots = SnapshotHolder(snapshot)
        let set = try TestKey.keySet(.first)
        keys = KeyRing(.init(tokens: set, secretHashes: set, downloads: set))
        verifier = TokenVerifier(
            keys: keys, snapshots: snapshots, policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(30),
            environment: Fixture.environment())
    }

    func verify(_ token: [UInt8], mode: Mode = .production) throws(Refusal) -> AccessToken {
        try verifier.verify(token[...], mode: mode)
    }

    /// What it refuses the token with, reason and client app; nil when the token is accepted.
    func refusal(_ token: [UInt8], mode: Mode = .production) -> Refusal? {
        LatchkeyCoreTests.refusal { () throws(Refusal) in try verify(token, mode: mode) }
    }
}

@Suite("A token verifier")
struct TokenVerifierTests {
    @Test("accepts a token of an active app in its own mode", arguments: Mode.allCases)
    func right(mode: Mode) throws {
        let token = try TestKey.first.token(Claims.text(["mode": "\"\(mode.rawValue)\""]))
        #expect(try World().verify(token, mode: mode) == Fixture.accessToken(mode: mode))
    }

    @Test("accepts these tokens, too", arguments: [
        ("ids in upper case", ["client_app_id": "\"\(Fixture.app.uuid.description.uppercased())\""]),
        ("escaped text", ["token_type": #""\u0061ccess""#]),
        ("times with a fraction", ["iat": "1741814999.75", "exp": "1741818599.5"]),
        ("a last second", ["iat": "1741811401", "exp": "1741815001"]),
        ("a clock that is a minute ahead", ["iat": "1741815060", "exp": "1741818660"]),
        ("no mode, which means production", ["mode": nil]),
    ] as [(String, [String: String?])])
    func accepted(_ what: String, changes: [String: String?]) throws {
        let access = try World().verify(TestKey.first.token(Claims.text(changes)))
        #expect(access.clientApp == Fixture.app && access.user == Fixture.user && access.mode == .production, "\(what)")
    }

    @Test("accepts a token that names no key, as SimpleJWT makes them", arguments: [
        #"{"alg":"HS256","typ":"JWT"}"#, #"{"typ":"JWT","alg":"HS256"}"#, #"{"alg":"HS256"}"#,
        #"{"alg":"HS256","typ":"jwt"}"#,
    ])
    func withoutKeyID(header: String) throws {
        let token = try TestKey.first.token(Claims.text(["mode": nil]), header: header)
        #expect(try World().verify(token).mode == .production)
        #expect(try World().refusal(token, mode: .sandbox)?.reason == "wrong_mode")
    }

    @Test("refuses a right signature over wrong claims", arguments: [
        ("another mode", ["mode": #""sandbox""#], "wrong_mode"),
        ("a mode in another case", ["mode": #""Production""#], "invalid_claim"),
        ("a mode that is null", ["mode": "null"], "invalid_claim"),
        ("a mode that is a list", ["mode": #"["production"]"#], "invalid_claim"),
        ("a refresh token", ["token_type": #""refresh""#], "invalid_claim"),
        ("a sliding token", ["token_type": #""sliding""#], "invalid_claim"),
        ("no token type", ["token_type": nil], "invalid_claim"),
        ("a token type in another case", ["token_type": #""Access""#], "invalid_claim"),
        ("a token type that is a list", ["token_type": #"["access"]"#], "invalid_claim"),
        ("a token type with a space", ["token_type": #""access ""#], "invalid_claim"),
        ("no id", ["jti": nil], "invalid_claim"),
        ("an id in upper case", ["jti": "\"\(Fixture.tokenID.text.uppercased())\""], "invalid_claim"),
        ("an id that is too short", ["jti": #""c1""#], "invalid_claim"),
        ("an id that is a number", ["jti": "1"], "invalid_claim"),
        ("no client app", ["client_app_id": nil], "invalid_claim"),
        ("a client app that is no UUID", ["client_app_id": #""app""#], "invalid_claim"),
        ("a client app in braces", ["client_app_id": "\"{\(Fixture.app.uuid)}\""], "invalid_claim"),
        ("no user", ["taiki_user_id": nil], "invalid_claim"),
        ("a user that is null", ["taiki_user_id": "null"], "invalid_claim"),
        ("a user that is empty", ["taiki_user_id": #""""#], "invalid_claim"),
        ("a user without hyphens", ["taiki_user_id": #""00000000000000b10000000000000001""#], "invalid_claim"),
        ("an app that nobody knows", ["client_app_id": "\"\(Fixture.otherApp.uuid)\""], "unknown_or_disabled_app"),
        ("no end", ["exp": nil], "missing_claim"),
        ("no beginning", ["iat": nil], "missing_claim"),
        ("an end that has come", ["iat": "1741811400", "exp": "1741815000"], "expired"),
        ("a beginning too far in the future", ["iat": "1741815061", "exp": "1741818661"], "issued_in_future"),
        ("a second more than an hour", ["exp": "1741818601"], "lifetime_too_long"),
    ] as [(String, [String: String?], String)])
    func refused(_ what: String, changes: [String: String?], reason: String) throws {
        let refusal = try #require(try World().refusal(TestKey.first.token(Claims.text(changes))), "\(what)")
        #expect(refusal.kind == .invalidToken && refusal.reason == reason, "\(what)")
    }

    @Test("names the client app of a refused token only once its signature is proven and its claims are read")
    func clientAppOfRefusal() throws {
        let sandbox = Claims.text(["mode": #""sandbox""#])
        #expect(try World().refusal(TestKey.first.token(sandbox))?.clientApp == Fixture.app)
        #expect(try World().refusal(TestKey.second.token(sandbox))?.clientApp == nil)
        let expired = Claims.text(["exp": "\(Fixture.now.secondsSinceEpoch)"])
        #expect(try World().refusal(TestKey.first.token(expired))?.clientApp == nil)
    }

    @Test("gives the signature's reason before any other")
    func forged() throws {
        var token = try TestKey.first.token(Claims.text(["token_type": #""refresh""#]))
        token[token.count - 2] ^= 1
        #expect(try World().refusal(token)?.reason == "bad_signature")
        #expect(try World().refusal(TestKey.second.token(Claims.text(["exp": "0"])))?.reason == "unknown_key")
        #expect(try World().refusal([])?.reason == "malformed")
    }

    @Test("refuses every token of an app that was disabled, and takes them again once it is enabled")
    func disabledApp() throws {
        let world = try World()
        let token = try TestKey.first.token(Claims.text())
        #expect(world.refusal(token) == nil)
        world.snapshots.replace(with: VerifierSnapshot(version: 2))
        #expect(world.refusal(token)?.reason == "unknown_or_disabled_app")
        world.snapshots.replace(with: VerifierSnapshot(version: 3, activeApps: [Fixture.app]))
        #expect(world.refusal(token) == nil)
    }

    @Test("refuses the tokens of an erased user, but not those of another app's user with the same id")
    func erasedUser() throws {
        let world = try World(VerifierSnapshot(
            version: 1, activeApps: [Fixture.app, Fixture.otherApp],
            erasedUsers: [.init(clientApp: Fixture.app, user: Fixture.user)]))
        #expect(try world.refusal(TestKey.first.token(Claims.text()))?.reason == "erased_user")
        let other = Claims.text(["client_app_id": "\"\(Fixture.otherApp.uuid)\""])
        #expect(try world.refusal(TestKey.first.token(other)) == nil)
    }

    @Test("refuses a revoked token, but not the next one of the same user")
    func revokedToken() throws {
        let world = try World(VerifierSnapshot(
            version: 1, activeApps: [Fixture.app], revokedTokens: [Fixture.tokenID]))
        #expect(try world.refusal(TestKey.first.token(Claims.text()))?.reason == "revoked_token")
        let next = Claims.text(["jti": "\"\(AccessToken.ID(high: 0xc1, low: 2).text)\""])
        #expect(try world.refusal(TestKey.first.token(next)) == nil)
    }

    @Test("answers the same token as often as it is asked")
    func replay() throws {
        let world = try World()
        let token = try TestKey.first.token(Claims.text())
        for _ in 0..<100 { #expect(world.refusal(token) == nil) }
    }

    @Test("trusts what it knows until it is too old, and again once it is confirmed", arguments: [
        (29.0, nil), (31.0, "snapshot_stale"), (3600.0, "snapshot_stale"),
    ])
    func stale(age: Double, reason: String?) throws {
        let world = try World()
        let token = try TestKey.first.token(Claims.text())
        world.snapshots.confirm(at: .now - .seconds(age))
        #expect(world.refusal(token)?.reason == reason)
        #expect(world.refusal(token)?.kind == (reason == nil ? nil : .temporarilyUnavailable))
        world.snapshots.confirm(at: .now)
        #expect(world.refusal(token) == nil)
    }

    @Test("uses new keys from the next token on, and old ones as long as they are in the ring")
    func rotation() throws {
        let world = try World()
        let (old, new) = (try TestKey.first.token(Claims.text()), try TestKey.second.token(Claims.text()))
        #expect(world.refusal(old) == nil && world.refusal(new)?.reason == "unknown_key")
        let both = try TestKey.keySet(.second, .first)
        world.keys.replace(with: .init(tokens: both, secretHashes: both, downloads: both))
        #expect(world.refusal(old) == nil && world.refusal(new) == nil)
        let last = try TestKey.keySet(.second)
        world.keys.replace(with: .init(tokens: last, secretHashes: last, downloads: last))
        #expect(world.refusal(old)?.reason == "unknown_key" && world.refusal(new) == nil)
    }
}

@Suite("The policy for access tokens")
struct AccessTokenPolicyTests {
    @Test("is the contract's")
    func policy() {
        let policy = AccessToken.policy(leeway: .seconds(5))
        #expect(policy.leeway == .seconds(5))
        #expect(policy.futureLeeway == .seconds(60))
        #expect(policy.maximumLifetime == .seconds(3600))
        #expect(policy.keyForMissingKid == .eachHS256Key)
    }
}
