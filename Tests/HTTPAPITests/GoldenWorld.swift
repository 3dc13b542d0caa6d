import HTTPAPI
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

/// A service as `latchkeyd` makes it, but for the database and the clock, with all that the placeholders of the golden
/// files name.
final class GoldenWorld {
    let responder: Responder
    let placeholders: Placeholders
    let documents: GoldenDocuments

    private static let now = UnixTime(secondsSinceEpoch: 1_741_815_000)

    init(mode: Mode, database state: GoldenFile.Database) throws {
        let keys = KeyRing.Keys(
            tokens: try .generateHS256(kid: try Self.keyID("2025-03")),
            secretHashes: try .generateHS256(kid: try Self.keyID("hash-1")),
            downloads: try .generateHS256(kid: try Self.keyID("download-1")))
        let hasher = try SecretHasher(keys: keys.secretHashes)
        let people = try People(mode: mode, hasher: hasher)
        people.database.isAway = state != .there
        let tokens = try Tokens(keys: keys.tokens, mode: mode, now: Self.now, people: people)
        let ring = KeyRing(keys)
        documents = try GoldenDocuments(
            mode: mode, now: Self.now, keys: ring, people: people, returning: tokens.returningUser)
        documents.database.isAway = state != .there
        let links = try GoldenLinks(
            mode: mode, now: Self.now, hasher: hasher, people: people, tokens: tokens, documents: documents.database)
        placeholders = Placeholders(
            people.values.merging(tokens.values) { $1 }.merging(documents.values) { $1 }
                .merging(links.values) { $1 }.merging([
                "TOO_LONG_IDEMPOTENCY_KEY": String(repeating: "k", count: 256),
                "TOO_LARGE_TEXT": String(repeating: "x", count: Request.maximumBodyBytes),
            ]) { $1 },
            bytes: ["NOT_UTF8": [0xFF]])

        let snapshots = SnapshotHolder(VerifierSnapshot(
            version: 1, activeApps: people.activeApps,
            erasedUsers: [.init(clientApp: people.app, user: people.erasedUser)], revokedTokens: [tokens.revoked]))
        if state == .awayForTooLong { snapshots.confirm(at: .now - .seconds(31)) }
        let environment = Environment(
            milliseconds: { Self.now.secondsSinceEpoch * 1000 },
            random: { () throws(JOSEError) in try SecureRandom.uint64Pair() })
        let verifier = TokenVerifier(
            keys: ring, snapshots: snapshots, policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(30),
            environment: environment)
        let (database, baseURLs) = (documents.database, GoldenDocuments.baseURLs)
        responder = Responder(service: .live(
            environment: environment, baseURLs: baseURLs,
            // What is allowed where a newcomer tries it.
            webhookURLs: WebhookURLRules(allowed: ["127.0.0.0/8"].compactMap(IPNetwork.init)),
            issuer: TokenIssuer(keys: ring, environment: environment, contextOf: people.database.context),
            verifier: verifier,
            links: PriorYearLinks(keys: ring, environment: environment, baseURLs: baseURLs, rowsOf: database.rows),
            retrievals: Retrievals(keys: ring, environment: environment, records: database) {
                token, mode throws(Refusal) in try verifier.verify(token, mode: mode)
            },
            uploads: UploadRecorder(
                keys: ring, environment: environment, records: database, contents: documents.contents, quota: .init()),
            downloads: Downloads(
                keys: ring, environment: environment, baseURLs: baseURLs, contentOf: database.content),
            linkTokens: LinkTokens(keys: ring, environment: environment, records: links.records),
            linkSessions: LinkSessions(keys: ring, records: links.records) { token, mode throws(Refusal) in
                try verifier.verify(token, mode: mode)
            },
            linkAttempts: LinkAttempts(keys: ring, environment: environment, records: links.records)))
    }

    static func keyID(_ text: String) throws -> KeyID {
        guard let id = KeyID(text) else { throw GoldenMistake("no key can be called \(text)") }
        return id
    }
}
