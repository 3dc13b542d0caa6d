import ContentStore
import JOSE
import LatchkeyCore
import Testing
import WireFormats

@testable import PostgreSQL

/// SHA-256 of "abc" and of nothing (FIPS 180-4, its examples).
private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
private let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

@Suite("An upload recorder")
struct UploadRecorderTests {
    private let records = ScriptedRecords()
    private let store: TestStore
    private let recorder: UploadRecorder

    init() throws {
        store = try TestStore()
        recorder = UploadRecorder(
            keys: try TestKey.ring(), environment: Fixture.environment(), records: records, contents: store.contents,
            quota: .init(files: 3, bytes: 1000))
    }

    private func request(size: Int) -> UploadRequest {
        UploadRequest(
            mode: .sandbox, collectorKey: "lk_coll_key", retrieval: Retrieval.ID(UUID(high: 1, low: 2)),
            fileName: "a.pdf", contentType: "application/pdf", size: size)
    }

    /// - Parameter pieces: of the body.
    private func record(
        _ pieces: [String], announced: Int? = nil, isWhole: Bool = true
    ) throws(Refusal) -> StoredFile {
        let size = announced ?? pieces.map(\.utf8.count).reduce(0, +)
        return try recorder.record(request(size: size)) { take throws(Refusal) in
            for piece in pieces { try take(Array(piece.utf8).span) }
            return isWhole
        }
    }

    private func refusal(_ pieces: [String], announced: Int? = nil, isWhole: Bool = true) -> Refusal? {
        LatchkeyCoreTests.refusal { () throws(Refusal) in
            try record(pieces, announced: announced, isWhole: isWhole)
        }
    }

    @Test("stores what comes, under its hash, and records it when it is there", arguments: [
        (["abc"], abc), (["a", "", "bc"], abc), ([], nothing), ([""], nothing),
    ])
    func stores(pieces: [String], sha256: String) throws {
        let bytes = pieces.flatMap { Array($0.utf8) }
        let path = "\(sha256.prefix(2))/\(sha256)"
        var found: [String: [UInt8]]?
        records.whileRecording = { [store] _ in found = try? store.files() }
        let stored = try record(pieces)
        #expect(stored.sha256 == sha256 && stored.clientApp == Fixture.app)
        #expect(found == [path: bytes], "it must be there before the database knows it")
        #expect(try store.files() == [path: bytes])
        let (file, collector) = try #require(records.files.first)
        #expect(file.retrieval == Retrieval.ID(UUID(high: 1, low: 2)) && file.fileName == "a.pdf")
        #expect(file.contentType == "application/pdf" && file.size == bytes.count)
        #expect(ContentName(file.sha256)?.text == sha256 && file.id.uuid.high >> 12 & 15 == 7)
        #expect(file.quota.files == 3 && file.quota.bytes == 1000)
        #expect(collector.mode == .sandbox && collector.waited == .zero)
        #expect(try collector.keyHashes == [
            HMACSHA256(key: TestKey.second.bytes).authenticationCode(for: Array("lk_coll_key".utf8)),
        ])
    }

    @Test("asks whether it may before it reads, and then leaves nothing behind", arguments: refusedOutcomes)
    func notAuthorized(outcome: RetrievalOutcome, kind: Refusal.Kind) throws {
        records.authorized = .success((outcome, nil))
        let refused = LatchkeyCoreTests.refusal { () throws(Refusal) in
            try recorder.record(request(size: 3)) { _ in
                Issue.record("the body was read")
                return true
            }
        }
        #expect(refused?.kind == kind && refused?.reason == outcome.rawValue)
        #expect(records.authorizations.map(\.0.size) == [3] && records.authorizations.map(\.0.fileName) == ["a.pdf"])
        #expect(records.authorizations.map(\.0.quota.files) == [3] && records.files.isEmpty)
        #expect(try store.files().isEmpty)
    }

    @Test("takes no file that is too large, without asking anybody", arguments: [
        52_428_801, .max, -1,
    ])
    func tooLarge(size: Int) {
        #expect(refusal([], announced: size)?.kind == .fileTooLarge && records.authorizations.isEmpty)
    }

    @Test("takes the largest file that there may be")
    func largest() throws {
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        let stored = try recorder.record(request(size: 52_428_800)) { take throws(Refusal) in
            for _ in 0..<50 { try take(piece.span) }
            return true
        }
        #expect(try store.files().mapValues(\.count) == ["\(stored.sha256.prefix(2))/\(stored.sha256)": 52_428_800])
    }

    @Test("keeps nothing of a body that is not as long as announced", arguments: [
        (["ab"], 3, true, "shorter_than_announced"), (["ab"], 3, false, "shorter_than_announced"),
        (["abc"], 3, false, "shorter_than_announced"), ([], 1, true, "shorter_than_announced"),
        (["abcd"], 3, true, "longer_than_announced"), (["abc", "d"], 3, true, "longer_than_announced"),
        (["a"], 0, true, "longer_than_announced"),
    ])
    func length(pieces: [String], announced: Int, isWhole: Bool, reason: String) throws {
        let refused = refusal(pieces, announced: announced, isWhole: isWhole)
        #expect(refused?.kind == .incompleteFile && refused?.reason == reason)
        #expect(try store.files().isEmpty && records.files.isEmpty)
    }

    @Test("removes what the database then does not take", arguments: refusedOutcomes)
    func notRecorded(outcome: RetrievalOutcome, kind: Refusal.Kind) throws {
        records.recorded = .success(outcome)
        let refused = refusal(["abc"])
        #expect(refused?.kind == kind && refused?.reason == outcome.rawValue && refused?.clientApp == Fixture.app)
        #expect(records.questions.compactMap { ContentName($0)?.text } == [abc])
        #expect(try store.files().isEmpty)
    }

    @Test("removes nothing that somebody else needs, has stored before, or may have been recorded")
    func keeps() throws {
        records.recorded = .success(.overQuota)
        records.referenced = .success(true)
        #expect(refusal(["abc"])?.kind == .overQuota)
        #expect(try store.files().count == 1, "another upload has recorded it in between")

        records.referenced = .success(false)
        #expect(refusal(["abc"])?.kind == .overQuota)
        #expect(try store.files().count == 1, "it was there before")
        #expect(records.questions.count == 1)

        records.recorded = .failure(DatabaseError(.connectionLost(sent: true)))
        #expect(refusal([""])?.kind == .temporarilyUnavailable)
        #expect(try store.files().count == 2, "the database may know it")

        records.recorded = .success(.overQuota)
        records.referenced = .failure(.unreachable)
        #expect(refusal(["x"])?.kind == .overQuota)
        #expect(try store.files().count == 3, "nobody knows whether it is needed")
    }

    @Test("stores equal contents once")
    func equal() throws {
        _ = try record(["abc"])
        _ = try record(["abc"])
        #expect(try store.files().count == 1 && records.files.count == 2)
        #expect(Set(records.files.map(\.0.id)).count == 2)
    }

    @Test("holds the lock while it records, so that nobody removes the file")
    func locks() throws {
        var kinds: [ContentStoreError.Kind] = []
        records.whileRecording = { [store] file in
            guard let name = ContentName(file.sha256) else { return }
            do throws(ContentStoreError) {
                try store.contents.lock(name, .removing, deadline: .now).release()
            } catch {
                kinds.append(error.kind)
            }
        }
        _ = try record(["abc"])
        #expect(kinds == [.busy])
        let name = try #require(ContentName(records.files[0].0.sha256))
        try store.contents.lock(name, .removing, deadline: .now).release()
    }

    @Test("says what the reader of the body refuses with")
    func readerRefuses() throws {
        let refused = LatchkeyCoreTests.refusal { () throws(Refusal) in
            try recorder.record(request(size: 3)) { _ throws(Refusal) in
                throw Refusal(.internalError, reason: "a_reason")
            }
        }
        #expect(refused?.reason == "a_reason")
        #expect(try store.files().isEmpty && records.files.isEmpty)
    }

    @Test("says when the database is away", arguments: [true, false])
    func away(atOnce: Bool) throws {
        if atOnce { records.authorized = .failure(.unreachable) } else { records.recorded = .failure(.unreachable) }
        #expect(refusal(["abc"])?.kind == .temporarilyUnavailable)
    }
}
