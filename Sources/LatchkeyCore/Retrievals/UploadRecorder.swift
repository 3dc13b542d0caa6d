public import ContentStore
internal import JOSE
internal import PostgreSQL

/// A file that a collector sends.
public struct UploadRequest: Sendable {
    public var mode: Mode
    public var collectorKey: String
    public var retrieval: Retrieval.ID
    public var fileName: String
    public var contentType: String
    /// How many bytes are announced.
    public var size: Int

    public init(
        mode: Mode, collectorKey: String, retrieval: Retrieval.ID, fileName: String, contentType: String, size: Int
    ) {
        self.mode = mode
        self.collectorKey = collectorKey
        self.retrieval = retrieval
        self.fileName = fileName
        self.contentType = contentType
        self.size = size
    }
}

/// Reads a body: calls its argument with each piece, in order.
///
/// Returns false where the body ended early or did not come within the time.
public typealias BodyReader = (_ take: (Span<UInt8>) throws(Refusal) -> Void) throws(Refusal) -> Bool

/// A file that is on the disk, and known to the database.
public struct StoredFile: Sendable {
    /// 64 hexadecimal digits.
    public let sha256: String
    public let clientApp: ClientApp.ID?

    public init(sha256: String, clientApp: ClientApp.ID?) {
        self.sha256 = sha256
        self.clientApp = clientApp
    }
}

/// Takes the files of retrievals: streams each into the store of contents, syncs it, and then records it. One per
/// worker: it keeps MAC contexts.
public final class UploadRecorder {
    private let environment: Environment
    private let records: any RetrievalRecords
    private let contents: ContentStore
    private let quota: Retrieval.Quota
    private var proof: CollectorProof

    /// How long to wait for those who remove contents: each of them holds its lock for one call of the database.
    private static let lockWait: Duration = .seconds(5)

    public init(
        keys: KeyRing, environment: Environment, records: any RetrievalRecords, contents: ContentStore,
        quota: Retrieval.Quota
    ) {
        self.environment = environment
        self.records = records
        self.contents = contents
        self.quota = quota
        proof = CollectorProof(keys: keys)
    }

    public convenience init(
        keys: KeyRing, environment: Environment, database: DatabaseSession, contents: ContentStore,
        quota: Retrieval.Quota
    ) {
        self.init(
            keys: keys, environment: environment, records: RetrievalStore(database), contents: contents, quota: quota)
    }

    public func record(_ upload: UploadRequest, body: BodyReader) throws(Refusal) -> StoredFile {
        do {
            return try recordOrThrow(upload, body)
        } catch {
            throw Refusal(error)
        }
    }

    private func recordOrThrow(_ upload: UploadRequest, _ body: BodyReader) throws -> StoredFile {
        guard (0...Retrieval.maximumFileBytes).contains(upload.size) else {
            throw Refusal(.fileTooLarge, reason: "file_too_large")
        }
        // That the caller has waited leaves the database no less time: uploads may take far longer than its deadline.
        let collector = CollectorCall(keyHashes: try proof.hashes(of: upload.collectorKey), mode: upload.mode)
        // Before a byte is read, so that nobody without a retrieval fills the disk.
        let (outcome, clientApp) = try records.authorize(
            UploadAuthorization(
                retrieval: upload.retrieval, fileName: upload.fileName, size: upload.size, quota: quota),
            by: collector)
        try outcome.check(clientApp: clientApp)

        let file = try contents.newFile()
        guard let name = ContentName(try write(body, to: file, announced: upload.size)) else {
            throw Refusal(.internalError, reason: "a SHA-256 has not 32 bytes")
        }
        try file.sync()
        let recorded = RecordedFile(
            retrieval: upload.retrieval, id: Document.ID(try environment.newUUID()), fileName: upload.fileName,
            contentType: upload.contentType, size: upload.size, sha256: name.bytes, quota: quota)
        try keep(file, as: name) { () throws(DatabaseError) in try records.record(recorded, by: collector) }
            .check(clientApp: clientApp)
        return StoredFile(sha256: name.text, clientApp: clientApp)
    }

    /// - Returns: the SHA-256 of what came.
    private func write(_ body: BodyReader, to file: NewFile, announced: Int) throws -> [UInt8] {
        let hash = try SHA256()
        var received = 0
        let isWhole = try body { piece throws(Refusal) in
            received += piece.count
            guard received <= announced else { throw Refusal(.incompleteFile, reason: "longer_than_announced") }
            do {
                try hash.update(piece)
                try file.write(piece)
            } catch {
                throw Refusal(error)
            }
        }
        guard isWhole, received == announced else { throw Refusal(.incompleteFile, reason: "shorter_than_announced") }
        return try hash.finish()
    }

    /// Gives the file its name and records it while nobody may remove it. What the database then refuses goes again.
    ///
    /// Where the database does not answer, it may have recorded the file all the same: what nobody needs is found by
    /// the maintenance.
    private func keep(
        _ file: NewFile, as name: ContentName, record: () throws(DatabaseError) -> RetrievalOutcome
    ) throws -> RetrievalOutcome {
        let lock = try contents.lock(name, .keeping, deadline: .now + Self.lockWait)
        defer { lock.release() }
        let isNew = try file.keep(as: name, holding: lock)
        let outcome = try record()
        if isNew, outcome != .ok {
            lock.release()
            try? remove(name)
        }
        return outcome
    }

    private func remove(_ name: ContentName) throws {
        let lock = try contents.lock(name, .removing, deadline: .now + Self.lockWait)
        defer { lock.release() }
        // Another upload of the same content may have come in between.
        guard try !records.isReferenced(sha256: name.bytes) else { return }
        _ = try contents.remove(name, holding: lock)
    }
}
