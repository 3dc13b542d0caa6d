import JOSE
import Testing
import WireFormats

@testable import LatchkeyCore
@testable import PostgreSQL

/// What each outcome becomes.
let refusedOutcomes: [(RetrievalOutcome, Refusal.Kind)] = [
    (.unknownCollector, .invalidCollector), (.disabledCollector, .invalidCollector),
    (.invalidToken, .invalidAccessToken), (.unknownPlatform, .unknownPlatform), (.unknownRetrieval, .unknownRetrieval),
    (.finishedRetrieval, .retrievalFinished), (.otherStatus, .otherStatus), (.overQuota, .overQuota),
    (.invalidArgument, .internalError),
]

@Suite("Retrievals")
struct RetrievalsTests {
    private let records = ScriptedRecords()
    private let keys: KeyRing
    private let retrievals: Retrievals

    init() throws {
        keys = try TestKey.ring()
        retrievals = Retrievals(keys: keys, environment: Fixture.environment(), records: records) {
            token, mode throws(Refusal) in
            switch String(decoding: token, as: UTF8.self) {
            case "right": Fixture.accessToken(mode: mode)
            case "stale": throw Refusal(.temporarilyUnavailable, reason: "snapshot_stale")
            default: throw Refusal(.invalidToken, reason: "expired", clientApp: Fixture.otherApp)
            }
        }
    }

    private func request(token: String = "right", mode: Mode = .production) -> RetrievalRequest {
        RetrievalRequest(
            mode: mode, collectorKey: "lk_coll_key",
            subject: .user(accessToken: token, platform: "a-bank", taxYear: 2024), requestID: "request-1",
            waited: .milliseconds(7))
    }

    private static let finish = FinishRequest(
        mode: .sandbox, collectorKey: "lk_coll_key", retrieval: Retrieval.ID(UUID(high: 1, low: 2)), status: .success,
        metadata: #"{"a":1}"#, waited: .milliseconds(7))

    private func keyHashes() throws -> [[UInt8]] {
        [try HMACSHA256(key: TestKey.second.bytes).authenticationCode(for: Array("lk_coll_key".utf8))]
    }

    @Test("are begun with an id of this moment and the hash of the key, never the key", arguments: Mode.allCases)
    func begin(mode: Mode) throws {
        let begun = try retrievals.begin(request(mode: mode))
        let (asked, collector) = try #require(records.beginnings.first)
        #expect(begun.id == ScriptedRecords.begun.id && begun.clientApp == Fixture.app)
        #expect(begun.platform == "b-bank" && begun.taxYear == 2020 && begun.createdAt == Fixture.now)
        #expect(asked.id.uuid.high >> 12 & 15 == 7)
        #expect(Int64(asked.id.uuid.high >> 16) == Fixture.now.secondsSinceEpoch * 1000 + 987)
        guard case .user(Fixture.accessToken(mode: mode), "a-bank", 2024) = asked.subject else {
            Issue.record("another subject: \(String(describing: asked.subject))")
            return
        }
        #expect(asked.requestID == "request-1")
        #expect(try collector.keyHashes == keyHashes() && collector.mode == mode)
        #expect(collector.waited == .milliseconds(7) && records.beginnings.count == 1)
    }

    @Test("of a token that opens nothing are refused by the database, after it has proved the key")
    func invalidToken() throws {
        records.begun = .success((.invalidToken, nil, nil))
        let invalid = try #require(refusal { () throws(Refusal) in try retrievals.begin(request(token: "x")) })
        #expect(invalid.kind == .invalidAccessToken && invalid.reason == "expired")
        #expect(invalid.clientApp == Fixture.otherApp)
        #expect(records.beginnings.count == 1 && records.beginnings[0].0.subject == nil)

        records.begun = .success((.unknownCollector, nil, nil))
        let unknown = refusal { () throws(Refusal) in try retrievals.begin(request(token: "x")) }
        #expect(unknown?.kind == .invalidCollector && unknown?.reason == "unknown_collector")

        // Were the database to say yes, there would still be nobody to retrieve for.
        records.begun = .success((.ok, Fixture.app, ScriptedRecords.begun))
        #expect(refusal { () throws(Refusal) in try retrievals.begin(request(token: "x")) }?.kind == .internalError)
    }

    @Test("of a state are for its attempt, whoever began before")
    func state() throws {
        let attempt = LinkAttempt.ID(UUID(high: 0xf1, low: 1))
        let state = try LinkStates(keys: keys, environment: Fixture.environment()).state(of: attempt, mode: .sandbox)
        func request(_ state: String, _ mode: Mode = .sandbox) -> RetrievalRequest {
            RetrievalRequest(
                mode: mode, collectorKey: "lk_coll_key", subject: .attempt(state: state), requestID: "request-1")
        }
        let begun = try retrievals.begin(request(state))
        #expect(begun.id == ScriptedRecords.begun.id && begun.platform == "b-bank" && begun.taxYear == 2020)
        #expect(begun.clientApp == Fixture.app && begun.createdAt == Fixture.now)
        guard case .attempt(attempt) = records.beginnings[0].0.subject else {
            Issue.record("another subject")
            return
        }

        // An access token is none, and neither is a state where an access token is wanted.
        let token = try TestKey.first.token(Claims.text(["mode": #""sandbox""#]))
        records.begun = .success((.invalidToken, nil, nil))
        for (wrong, mode, reason) in [
            (String(decoding: token, as: UTF8.self), Mode.sandbox, "invalid_claim"), ("x", .sandbox, "malformed"),
            (state, .production, "wrong_mode"),
        ] {
            let refused = refusal { () throws(Refusal) in try retrievals.begin(request(wrong, mode)) }
            #expect(refused?.kind == .invalidAccessToken && refused?.reason == reason)
            #expect(records.beginnings.last?.0.subject == nil)
        }
    }

    @Test("wait for tokens that nobody can judge now")
    func stale() {
        let stale = refusal { () throws(Refusal) in try retrievals.begin(request(token: "stale")) }
        #expect(stale?.kind == .temporarilyUnavailable && records.beginnings.isEmpty)
    }

    @Test("are refused by the outcome", arguments: refusedOutcomes)
    func outcomes(outcome: RetrievalOutcome, kind: Refusal.Kind) {
        records.begun = .success((outcome, nil, nil))
        records.finished = .success((outcome, nil, outcome == .otherStatus ? ScriptedRecords.result : nil))
        for refusal in [
            refusal { () throws(Refusal) in try retrievals.begin(request()) },
            refusal { () throws(Refusal) in try retrievals.finish(Self.finish) },
        ] {
            #expect(refusal?.kind == kind && refusal?.reason == outcome.rawValue)
        }
    }

    @Test("know every outcome")
    func allOutcomes() {
        #expect(Set(refusedOutcomes.map(\.0)).union([.ok]) == Set(RetrievalOutcome.allCases))
    }

    @Test("are finished with what the collector wrote, and an id for the announcement")
    func finish() throws {
        let finished = try retrievals.finish(Self.finish)
        #expect(finished.id == Self.finish.retrieval && finished.clientApp == Fixture.app)
        #expect(finished.result == ScriptedRecords.result)
        let (asked, collector) = try #require(records.endings.first)
        #expect(asked.id == Self.finish.retrieval && asked.status == .success && asked.metadata == #"{"a":1}"#)
        #expect(asked.delivery.high >> 12 & 15 == 7)
        #expect(try collector.keyHashes == keyHashes() && collector.mode == .sandbox)
        #expect(collector.waited == .milliseconds(7) && records.endings.count == 1)
    }

    @Test("say when the database is away, and when its answer makes no sense", arguments: [
        (DatabaseError.unreachable, Refusal.Kind.temporarilyUnavailable),
        (DatabaseError(.server(.queryCanceled)), .temporarilyUnavailable),
        (DatabaseError(.server(.undefinedFunction)), .internalError), (DatabaseError.unexpectedResult, .internalError),
    ])
    func trouble(error: DatabaseError, kind: Refusal.Kind) {
        records.begun = .failure(error)
        records.finished = .failure(error)
        #expect(refusal { () throws(Refusal) in try retrievals.begin(request()) }?.kind == kind)
        #expect(refusal { () throws(Refusal) in try retrievals.finish(Self.finish) }?.kind == kind)
        records.begun = .success((.ok, Fixture.app, nil))
        records.finished = .success((.ok, Fixture.app, nil))
        #expect(refusal { () throws(Refusal) in try retrievals.begin(request()) }?.kind == .internalError)
        #expect(refusal { () throws(Refusal) in try retrievals.finish(Self.finish) }?.kind == .internalError)
    }

    @Test("are proved under every key in use, and under new ones at once")
    func keyRotation() throws {
        _ = try retrievals.begin(request())
        let old = keys.current.keys
        keys.replace(with: .init(
            tokens: old.tokens, secretHashes: try TestKey.keySet(.first, .second), downloads: old.downloads))
        _ = try retrievals.begin(request())
        #expect(records.beginnings.map(\.1.keyHashes.count) == [1, 2])
        #expect(records.beginnings[1].1.keyHashes[1] == records.beginnings[0].1.keyHashes[0])
    }
}
