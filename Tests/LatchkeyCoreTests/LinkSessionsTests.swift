import JOSE
import Testing
import WireFormats

@testable import LatchkeyCore
@testable import PostgreSQL

@Suite("A session of the modal")
struct LinkSessionsTests {
    private let records = ScriptedLinkRecords()
    private let keys: KeyRing
    private let sessions: LinkSessions

    init() throws {
        keys = try TestKey.ring()
        sessions = LinkSessions(keys: keys, records: records) { token, mode throws(Refusal) in
            switch String(decoding: token, as: UTF8.self) {
            case "right": Fixture.accessToken(mode: mode)
            case "stale": throw Refusal(.temporarilyUnavailable, reason: "snapshot_stale")
            case let reason: throw Refusal(.invalidToken, reason: reason, clientApp: Fixture.otherApp)
            }
        }
    }

    private func request(
        _ token: String = "right", mode: Mode = .production, idempotencyKey: String? = nil
    ) -> LinkOpenRequest {
        LinkOpenRequest(
            mode: mode, token: Array(token.utf8)[...], origin: "https://app.example", metadata: #"{"a":1}"#,
            idempotencyKey: idempotencyKey, waited: .milliseconds(7))
    }

    private func hash(_ text: String, _ key: TestKey = .second) throws -> [UInt8] {
        try HMACSHA256(key: key.bytes).authenticationCode(for: Array(text.utf8))
    }

    @Test("is opened with a new key, of which the database gets the hash", arguments: Mode.allCases)
    func open(mode: Mode) throws {
        let opened = try [sessions.open(request(mode: mode)), sessions.open(request(mode: mode))]
        #expect(opened[0].key.text != opened[1].key.text && opened[0].expiresAt == Fixture.now)
        for (session, asked) in zip(opened, records.openings) {
            #expect(session.key.text.hasPrefix("lk_link_") && session.key.text.utf8.count == 57)
            #expect(!"\(session)".contains(session.key.text) && session.clientApp == Fixture.app)
            #expect(try asked.sessionHash == hash(session.key.text))
            #expect(asked.token == Fixture.accessToken(mode: mode) && asked.origin == "https://app.example")
            #expect(asked.metadata == #"{"a":1}"# && asked.waited == .milliseconds(7))
        }
        #expect(records.openings.count == 2)
    }

    @Test("has the same key where the same Idempotency-Key asks again, and another where another does")
    func again() throws {
        let keys = try ["one", "one", "two", nil, nil].map { try sessions.open(request(idempotencyKey: $0)).key.text }
        #expect(keys[0] == keys[1] && Set(keys).count == 4)
        #expect(keys.allSatisfy { $0.hasPrefix("lk_link_") && $0.utf8.count == 57 })
        #expect(try records.openings.map(\.sessionHash) == keys.map { try hash($0) })
    }

    @Test("is not opened by a token that opens nothing, of which two kinds are told", arguments: [
        ("expired", Refusal.Kind.expiredToken), ("wrong_mode", .tokenOfOtherMode), ("bad_signature", .invalidToken),
        ("revoked_token", .invalidToken), ("not_yet_valid", .invalidToken),
    ])
    func tokens(reason: String, kind: Refusal.Kind) {
        let refused = refusal { () throws(Refusal) in try sessions.open(request(reason)) }
        #expect(refused?.kind == kind && refused?.reason == reason && refused?.clientApp == Fixture.otherApp)
        #expect(records.openings.isEmpty)
    }

    /// The reasons are the verifier's own.
    @Test("is not opened by a token that has expired, or is of the other mode")
    func verifier() throws {
        let verifier = TokenVerifier(
            keys: keys, snapshots: SnapshotHolder(VerifierSnapshot(version: 1, activeApps: [Fixture.app])),
            policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(3600), environment: Fixture.environment())
        let sessions = LinkSessions(keys: keys, records: records) { token, mode throws(Refusal) in
            try verifier.verify(token, mode: mode)
        }
        let past = Fixture.now.secondsSinceEpoch
        for (claims, kind) in [
            (Claims.text(["exp": "\(past)", "iat": "\(past - 3600)"]), Refusal.Kind.expiredToken),
            (Claims.text(["mode": #""sandbox""#]), .tokenOfOtherMode),
            (Claims.text(["client_app_id": "\"\(Fixture.otherApp.uuid)\""]), .invalidToken),
            (Claims.text(["token_type": #""link_state""#]), .invalidToken),
        ] {
            let token = String(decoding: try TestKey.first.token(claims), as: UTF8.self)
            #expect(refusal { () throws(Refusal) in try sessions.open(request(token)) }?.kind == kind)
            // Verify itself tells nobody.
            #expect(refusal { () throws(Refusal) in
                try verifier.verify(Array(token.utf8)[...], mode: .production)
            }?.kind == .invalidToken)
        }
        let token = String(decoding: try TestKey.first.token(Claims.text()), as: UTF8.self)
        #expect(try sessions.open(request(token)).clientApp == Fixture.app)
    }

    private static let refusedOutcomes: [(LinkOutcome, Refusal.Kind)] = [
        (.invalidToken, .invalidToken), (.unknownOrigin, .unknownOrigin), (.usedToken, .usedToken),
        (.unknownSession, .unknownSession), (.unknownPlatform, .unknownPlatform), (.unknownAttempt, .unknownAttempt),
        (.tooManyAttempts, .tooManyAttempts), (.invalidArgument, .internalError),
    ]

    @Test("is refused by the outcome", arguments: refusedOutcomes)
    func outcomes(outcome: LinkOutcome, kind: Refusal.Kind) throws {
        let attempts = LinkAttempts(keys: keys, environment: Fixture.environment(), records: records)
        records.opened = .success((outcome, nil))
        records.found = .success((outcome, Fixture.app, []))
        records.begun = .success((outcome, Fixture.app, nil))
        records.read = .success((outcome, Fixture.app, nil))
        for refused in [
            refusal { () throws(Refusal) in try sessions.open(request()) },
            refusal { () throws(Refusal) in try sessions.platforms(Self.catalogue) },
            refusal { () throws(Refusal) in try attempts.begin(Self.attempt) },
            refusal { () throws(Refusal) in try attempts.report(Self.question) },
        ] {
            #expect(refused?.kind == kind && refused?.reason == outcome.rawValue && refused?.clientApp == Fixture.app)
        }
    }

    @Test("knows every outcome")
    func allOutcomes() {
        #expect(Set(Self.refusedOutcomes.map(\.0)).union([.ok]) == Set(LinkOutcome.allCases))
    }

    private static let catalogue = LinkPlatformsRequest(
        mode: .sandbox, sessionKey: "lk_link_key", search: "b", after: LinkPlatformCursor(name: "A", id: "a"),
        waited: .milliseconds(7))
    private static let attempt = LinkAttemptRequest(
        mode: .sandbox, sessionKey: "lk_link_key", platform: "a-bank", taxYear: 2024, waited: .milliseconds(7))
    private static let question = LinkAttemptQuestion(
        mode: .sandbox, sessionKey: "lk_link_key", attempt: LinkAttempt.ID(UUID(high: 1, low: 2)),
        waited: .milliseconds(7))

    @Test("says when the database is away, and when its answer makes no sense", arguments: [
        (DatabaseError.unreachable, Refusal.Kind.temporarilyUnavailable), (.unexpectedResult, .internalError),
    ])
    func trouble(error: DatabaseError, kind: Refusal.Kind) {
        let attempts = LinkAttempts(keys: keys, environment: Fixture.environment(), records: records)
        records.known = .failure(error)
        records.opened = .failure(error)
        records.found = .failure(error)
        records.begun = .failure(error)
        records.read = .failure(error)
        #expect(refusal { () throws(Refusal) in
            try sessions.origins(of: Fixture.app, waited: .zero)
        }?.kind == kind)
        #expect(refusal { () throws(Refusal) in try sessions.open(request()) }?.kind == kind)
        #expect(refusal { () throws(Refusal) in try sessions.platforms(Self.catalogue) }?.kind == kind)
        #expect(refusal { () throws(Refusal) in try attempts.begin(Self.attempt) }?.kind == kind)
        #expect(refusal { () throws(Refusal) in try attempts.report(Self.question) }?.kind == kind)
        #expect(refusal { () throws(Refusal) in try sessions.open(request("stale")) }?.kind == .temporarilyUnavailable)
        records.opened = .success((.ok, nil))
        records.begun = .success((.ok, Fixture.app, nil))
        records.read = .success((.ok, Fixture.app, nil))
        #expect(refusal { () throws(Refusal) in try sessions.open(request()) }?.kind == .internalError)
        #expect(refusal { () throws(Refusal) in try attempts.begin(Self.attempt) }?.kind == .internalError)
        #expect(refusal { () throws(Refusal) in try attempts.report(Self.question) }?.kind == .internalError)
    }

    @Test("asks for one platform more than a page has", arguments: [0, 1, 50, 51])
    func platforms(count: Int) throws {
        let rows = (0..<count).map { LinkPlatform(id: "p\($0)", name: "P \($0)", hasConnector: true) }
        records.found = .success((.ok, Fixture.app, rows))
        let page = try sessions.platforms(Self.catalogue)
        #expect(page.platforms == Array(rows.prefix(50)) && page.clientApp == Fixture.app)
        #expect(page.next == (count > 50 ? LinkPlatformCursor(name: "P 49", id: "p49") : nil))
        let (query, call) = try #require(records.queries.first)
        #expect(query.limit == 51 && query.search == "b" && query.after == LinkPlatformCursor(name: "A", id: "a"))
        #expect(try call.keyHashes == [hash("lk_link_key")] && call.mode == .sandbox)
        #expect(call.waited == .milliseconds(7))
    }

    @Test("knows who may embed its page")
    func origins() throws {
        #expect(try sessions.origins(of: Fixture.app, waited: .milliseconds(7)) == ["https://app.example"])
        #expect(records.pages.map(\.0) == [Fixture.app] && records.pages.map(\.1) == [.milliseconds(7)])
    }

    @Test("is proved under every key in use, and begun under the first")
    func rotation() throws {
        let old = keys.current.keys
        keys.replace(with: .init(
            tokens: old.tokens, secretHashes: try TestKey.keySet(.first, .second), downloads: old.downloads))
        _ = try sessions.platforms(Self.catalogue)
        #expect(try records.queries[0].1.keyHashes == [hash("lk_link_key", .first), hash("lk_link_key")])
        let opened = try sessions.open(request())
        #expect(try records.openings[0].sessionHash == hash(opened.key.text, .first))
    }
}
