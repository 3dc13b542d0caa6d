import JOSE
import Testing
import WireFormats

@testable import LatchkeyCore
@testable import PostgreSQL

@Suite("Tokens that open the modal")
struct LinkTokensTests {
    private let records = ScriptedLinkRecords()
    private let keys: KeyRing
    private let tokens: LinkTokens

    init() throws {
        keys = try TestKey.ring()
        tokens = LinkTokens(keys: keys, environment: Fixture.environment(), records: records)
    }

    private func request(
        secret: String = "lk_live_secret", userID: String? = nil, webhookURL: String? = nil, mode: Mode = .production
    ) -> InitializeRequest {
        InitializeRequest(
            mode: mode, secret: secret, userID: userID, webhookURL: webhookURL.flatMap(WebhookURL.init),
            requestID: "request-1", waited: .milliseconds(7))
    }

    private func hash(_ text: String) throws -> [UInt8] {
        try HMACSHA256(key: TestKey.second.bytes).authenticationCode(for: Array(text.utf8))
    }

    @Test("are access tokens whose id the database knows", arguments: Mode.allCases)
    func issued(mode: Mode) throws {
        let issued = try tokens.initialize(request(mode: mode))
        #expect(issued.number == 7 && issued.user == Fixture.user && issued.clientApp == Fixture.app)
        let verified = try Verifier(keys: TestKey.keySet(.first), policy: TokenPolicy())
            .verify(issued.token[...], at: Fixture.now)
        let access = try #require(AccessToken(verified))
        #expect(access.user == Fixture.user && access.clientApp == Fixture.app && access.mode == mode)
        #expect(access.expiresAt == Fixture.now + .seconds(3600))
        let asked = try #require(records.tokens.first)
        #expect(asked.token == access.id && asked.mode == mode && records.tokens.count == 1)
        // The jti as the database writes it.
        #expect("\(asked.token.uuid)".replacing("-", with: "") == access.id.text)
    }

    @Test("are asked for with the hash of the secret and never the secret, a new user's id and the URL")
    func asks() throws {
        _ = try tokens.initialize(request(webhookURL: "HTTPS://App.Example:443/Hooks?x"))
        _ = try tokens.initialize(request(userID: Fixture.user.uuid.description.uppercased()))
        #expect(try records.tokens.map(\.secretHashes) == [[hash("lk_live_secret")], [hash("lk_live_secret")]])
        #expect(records.tokens.map(\.webhookURL) == ["https://app.example/Hooks?x", nil])
        #expect(records.tokens.map(\.userID) == [nil, Fixture.user.uuid])
        #expect(records.tokens.allSatisfy { $0.requestID == "request-1" && $0.waited == .milliseconds(7) })
        #expect(records.tokens.allSatisfy { $0.newUserID.high >> 12 & 15 == 7 })
        #expect(Set(records.tokens.map(\.newUserID)).count == 2 && Set(records.tokens.map(\.token)).count == 2)
    }

    @Test("are looked up for an id that is no UUID under one that nobody has, to take the same time", arguments: [
        "", "x", "00000000-0000-00b1-0000-00000000000g", "' OR ''='",
    ])
    func malformedUserID(userID: String) throws {
        records.initialized = .success(
            LinkTokenRow(outcome: .unknownUser, clientApp: Fixture.app, user: nil, number: nil))
        let refused = refusal { () throws(Refusal) in try tokens.initialize(request(userID: userID)) }
        #expect(refused?.kind == .invalidClient && refused?.reason == "malformed_user_id")
        let asked = try #require(records.tokens.first)
        #expect(asked.userID != nil && asked.userID != asked.newUserID)
    }

    @Test("are refused by the outcome", arguments: [
        (LinkTokenRow.Outcome.unknownSecret, Refusal.Kind.invalidClient), (.expiredSecret, .invalidClient),
        (.wrongMode, .invalidClient), (.disabledApp, .invalidClient), (.unknownUser, .invalidClient),
        (.erasedUser, .invalidClient), (.noWebhookURL, .noWebhookURL), (.invalidArgument, .internalError),
    ])
    func outcomes(outcome: LinkTokenRow.Outcome, kind: Refusal.Kind) {
        for secret in ["lk_live_secret", ""] {
            records.initialized = .success(
                LinkTokenRow(outcome: outcome, clientApp: Fixture.app, user: nil, number: nil))
            let refused = refusal { () throws(Refusal) in try tokens.initialize(request(secret: secret)) }
            #expect(refused?.kind == kind && refused?.reason == outcome.rawValue && refused?.clientApp == Fixture.app)
        }
        // The same work for each.
        #expect(records.tokens.count == 2 && records.tokens.allSatisfy { $0.secretHashes.count == 1 })
    }

    @Test("are not made while the database is away, nor of half an answer")
    func trouble() {
        records.initialized = .failure(.unreachable)
        #expect(refusal { () throws(Refusal) in try tokens.initialize(request()) }?.kind == .temporarilyUnavailable)
        for row in [
            LinkTokenRow(outcome: .ok, clientApp: nil, user: Fixture.user, number: 1),
            LinkTokenRow(outcome: .ok, clientApp: Fixture.app, user: nil, number: 1),
            LinkTokenRow(outcome: .ok, clientApp: Fixture.app, user: Fixture.user, number: nil),
        ] {
            records.initialized = .success(row)
            #expect(refusal { () throws(Refusal) in try tokens.initialize(request()) }?.kind == .internalError)
        }
    }

    @Test("are signed by a new key at once, and secrets compared under all")
    func rotation() throws {
        _ = try tokens.initialize(request())
        keys.replace(with: .init(
            tokens: try TestKey.keySet(.second, .first), secretHashes: try TestKey.keySet(.first, .second),
            downloads: try TestKey.keySet(.third)))
        let issued = try tokens.initialize(request())
        _ = try Verifier(keys: TestKey.keySet(.second), policy: TokenPolicy())
            .verify(issued.token[...], at: Fixture.now)
        #expect(records.tokens.map(\.secretHashes.count) == [1, 2])
    }
}
