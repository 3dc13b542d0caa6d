import Foundation
import JOSE
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@testable import LatchkeyCore

/// A client app with an origin, and the domain over a database as a worker has it.
private final class Lobby {
    let app = ClientApp.ID(WireFormats.UUID(high: 0xa3, low: .random(in: 1...UInt64.max)))
    let secret = "lk_live_\(UInt64.random(in: 1...UInt64.max))"
    let tokens: LinkTokens
    let sessions: LinkSessions
    let attempts: LinkAttempts
    let retrievals: Retrievals
    let waits: LinkWaitStore

    private static let collectorKey = "lk_coll_link"
    static let origin = "https://app.example"

    init() throws {
        let keys = try TestKey.ring()
        let environment = Environment.live
        let database = DatabaseSession(
            conninfo: try Conninfo(try TestCluster.current.conninfo(user: "latchkey_application")),
            availability: DatabaseAvailability(), deadline: .seconds(10))
        let verifier = TokenVerifier(
            keys: keys, snapshots: SnapshotHolder(VerifierSnapshot(version: 1, activeApps: [app])),
            policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(3600), environment: environment)
        tokens = LinkTokens(keys: keys, environment: environment, database: database)
        sessions = LinkSessions(keys: keys, database: database, verifier: verifier)
        attempts = LinkAttempts(keys: keys, environment: environment, database: database)
        retrievals = Retrievals(keys: keys, environment: environment, database: database, verifier: verifier)
        waits = LinkWaitStore(database)
        let hasher = try SecretHasher(keys: keys.current.keys.secretHashes)
        func hex(_ text: String) throws -> String {
            try hasher.hashes(of: text)[0].map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        let key = WireFormats.UUID(high: 0xa4, low: .random(in: 1...UInt64.max))
        try sql("""
            INSERT INTO latchkey.client_apps (id, name) VALUES ('\(app.uuid)', 'Test');
            INSERT INTO latchkey.credentials (api_key, client_app_id, sandbox_only)
            VALUES ('\(key)', '\(app.uuid)', false);
            INSERT INTO latchkey.secrets (id, api_key, secret_hash, hint)
            VALUES ('\(key)', '\(key)', '\\x\(try hex(secret))', 'lk_live_xxxx');
            SELECT latchkey_admin.add_origin('test', '\(app.uuid)', '\(Self.origin)'),
                   latchkey_admin.create_platform('test', 'link-bank', 'Link Bank', true, true, 'https://c.example/?a');
            """)
        // Several tests share the database.
        let hash = try hex(Self.collectorKey)
        if try sql("SELECT count(*) FROM latchkey.collectors WHERE key_hash = '\\x\(hash)'") == "0" {
            let id = WireFormats.UUID(high: 0xc3, low: .random(in: 1...UInt64.max))
            try sql("SELECT latchkey_admin.create_collector('test', '\(id)', 'Test', '\\x\(hash)', 'lk_coll_xxxx')")
        }
    }

    @discardableResult
    func sql(_ text: String) throws -> String {
        try TestCluster.current.run(
            "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--host",
            try TestCluster.current.folder.path, "--username", "postgres", "--dbname", "postgres", "--command", text
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func initialize(
        secret: String? = nil, userID: String? = nil, webhookURL: String? = "https://app.example/hooks"
    ) throws(Refusal) -> InitializedToken {
        try tokens.initialize(InitializeRequest(
            mode: .sandbox, secret: secret ?? self.secret, userID: userID,
            webhookURL: webhookURL.flatMap(WebhookURL.init), requestID: "request-1"))
    }

    func open(
        _ token: [UInt8], origin: String = origin, idempotencyKey: String? = nil
    ) throws(Refusal) -> OpenedLink {
        try sessions.open(LinkOpenRequest(
            mode: .sandbox, token: token[...], origin: origin, metadata: #"{"a": 1}"#, idempotencyKey: idempotencyKey))
    }

    func begin(_ key: String, platform: String = "first-sandbox-bank") throws(Refusal) -> BegunLinkAttempt {
        try attempts.begin(
            LinkAttemptRequest(mode: .sandbox, sessionKey: key, platform: platform, taxYear: 2024))
    }

    func report(_ key: String, _ attempt: LinkAttempt.ID) throws(Refusal) -> LinkAttemptReport {
        try attempts.report(LinkAttemptQuestion(mode: .sandbox, sessionKey: key, attempt: attempt)).report
    }

    func retrieve(_ state: String) throws(Refusal) -> BegunRetrieval {
        try retrievals.begin(RetrievalRequest(
            mode: .sandbox, collectorKey: Self.collectorKey, subject: .attempt(state: state), requestID: "request-1"))
    }

    func finish(_ retrieval: Retrieval.ID, _ status: Retrieval.Status = .success) throws(Refusal) {
        _ = try retrievals.finish(FinishRequest(
            mode: .sandbox, collectorKey: Self.collectorKey, retrieval: retrieval, status: status, metadata: "{}"))
    }
}

@Suite("The modal in PostgreSQL", .needsServer, .migratedCluster, .serialized)
struct LinkStoreTests {
    @Test("is opened once by a token that a secret alone was traded for")
    func open() throws {
        let lobby = try Lobby()
        let first = try lobby.initialize()
        let again = try lobby.initialize(userID: "\(first.user.uuid)")
        #expect(again.number > first.number && again.user == first.user && first.clientApp == lobby.app)
        #expect(try lobby.sessions.origins(of: lobby.app, waited: .zero) == [Lobby.origin])

        #expect(refusal { () throws(Refusal) in
            try lobby.open(first.token, origin: "https://evil.example")
        }?.kind == .unknownOrigin)
        let opened = try lobby.open(first.token)
        #expect(opened.expiresAt - Environment.live.now > .seconds(3500) && opened.clientApp == lobby.app)
        #expect(refusal { () throws(Refusal) in try lobby.open(first.token) }?.kind == .usedToken)
        let other = try lobby.open(again.token, idempotencyKey: "one")
        #expect(other.key.text != opened.key.text)
        #expect(try lobby.open(again.token, idempotencyKey: "one").key.text == other.key.text)
        #expect(refusal { () throws(Refusal) in
            try lobby.open(again.token, idempotencyKey: "two")
        }?.kind == .usedToken)
    }

    @Test("has no token for a wrong secret, a wrong user, or without a URL")
    func refused() throws {
        let lobby = try Lobby()
        for (secret, user, reason) in [
            ("wrong", nil, "unknown_secret"), ("", nil, "unknown_secret"),
            (lobby.secret, "x", "malformed_user_id"), (lobby.secret, "\(lobby.app.uuid)", "unknown_user"),
        ] as [(String, String?, String)] {
            let refused = refusal { () throws(Refusal) in try lobby.initialize(secret: secret, userID: user) }
            #expect(refused?.kind == .invalidClient && refused?.reason == reason)
        }
        #expect(refusal { () throws(Refusal) in try lobby.initialize(webhookURL: nil) }?.kind == .noWebhookURL)
    }

    @Test("shows the catalogue to who has a session's key")
    func platforms() throws {
        let lobby = try Lobby()
        let key = try lobby.open(try lobby.initialize().token).key.text
        func page(_ search: String?, after: LinkPlatformCursor? = nil, key: String) throws(Refusal) -> [LinkPlatform] {
            try lobby.sessions.platforms(
                LinkPlatformsRequest(mode: .sandbox, sessionKey: key, search: search, after: after)).platforms
        }
        let bank = LinkPlatform(id: "first-sandbox-bank", name: "First Sandbox Bank", hasConnector: false)
        let other = LinkPlatform(id: "link-bank", name: "Link Bank", hasConnector: true)
        #expect(try page(nil, key: key).filter { [bank, other].contains($0) } == [bank, other])
        #expect(try page("SANDBOX b", key: key) == [bank])
        #expect(try page("bank", after: LinkPlatformCursor(name: bank.name, id: bank.id), key: key).contains(other))
        #expect(try page("%", key: key).isEmpty)
        #expect(refusal { () throws(Refusal) in try page(nil, key: "lk_link_x") }?.kind == .unknownSession)
    }

    @Test("follows an attempt to its end, and hears of each change")
    func attempt() throws {
        let lobby = try Lobby()
        let initialized = try lobby.initialize()
        let key = try lobby.open(initialized.token).key.text
        let begun = try lobby.begin(key, platform: "link-bank")
        #expect(begun.platformName == "Link Bank" && begun.clientApp == lobby.app)
        #expect(begun.connectorURL == "https://c.example/?a&state=\(begun.state)")
        func changed(_ seen: LinkAttempt.Status) throws -> Bool {
            let changed = try lobby.waits.changed(among: [.init(attempt: begun.id, seen: seen)])
            #expect(changed.isSubset(of: [begun.id]))
            return !changed.isEmpty
        }
        #expect(try lobby.report(key, begun.id).status == .waiting)
        #expect(try !changed(.waiting) && changed(.working))

        let retrieval = try lobby.retrieve(begun.state)
        #expect(retrieval.platform == "link-bank" && retrieval.taxYear == 2024 && retrieval.clientApp == lobby.app)
        #expect(try lobby.retrieve(begun.state).id == retrieval.id, "the same state again")
        #expect(try lobby.report(key, begun.id).status == .working)
        #expect(try changed(.waiting) && !changed(.working))

        try lobby.finish(retrieval.id)
        let report = try lobby.report(key, begun.id)
        #expect(report.status == .success && report.finishedAt != nil && report.files.isEmpty)
        #expect(report.platform == "link-bank" && report.platformName == "Link Bank" && report.taxYear == 2024)
        #expect(try changed(.working))
        #expect(refusal { () throws(Refusal) in try lobby.retrieve(begun.state) }?.kind == .retrievalFinished)

        let other = LinkAttempt.ID(WireFormats.UUID(high: 1, low: 2))
        #expect(refusal { () throws(Refusal) in try lobby.report(key, other) }?.kind == .unknownAttempt)
        #expect(refusal { () throws(Refusal) in try lobby.report("x", begun.id) }?.kind == .unknownSession)
        #expect(refusal { () throws(Refusal) in
            try lobby.begin(key, platform: "nowhere")
        }?.kind == .unknownPlatform)
        #expect(try lobby.waits.changed(among: []).isEmpty)
        #expect(try lobby.waits.changed(among: [.init(attempt: other, seen: .waiting)]) == [other], "it is gone")
    }

    @Test("sends metadata and webhook where its session said")
    func webhook() throws {
        let lobby = try Lobby()
        let initialized = try lobby.initialize()
        let begun = try lobby.begin(try lobby.open(initialized.token).key.text)
        let retrieval = try lobby.retrieve(begun.state)
        #expect(try lobby.sql("""
            SELECT webhook_url, link_metadata FROM latchkey.retrievals WHERE id = '\(retrieval.id.uuid)'
            """) == #"https://app.example/hooks|{"a": 1}"#)
    }
}
