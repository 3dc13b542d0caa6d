public import PostgreSQL
public import WireFormats

/// The database's part of retrievals: one call, one round trip, and each may be repeated without harm.
public protocol RetrievalRecords {
    func begin(_ retrieval: RetrievalBeginning, by collector: CollectorCall) throws(DatabaseError)
        -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, begun: RetrievalRow?)
    func authorize(_ upload: UploadAuthorization, by collector: CollectorCall) throws(DatabaseError)
        -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?)
    func record(_ file: RecordedFile, by collector: CollectorCall) throws(DatabaseError) -> RetrievalOutcome
    func isReferenced(sha256: [UInt8]) throws(DatabaseError) -> Bool
    func finish(_ ending: RetrievalEnding, by collector: CollectorCall) throws(DatabaseError)
        -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, result: RetrievalResult?)
}

/// Who calls, as the database can prove it.
public struct CollectorCall: Sendable {
    public let keyHashes: [[UInt8]]
    public let mode: Mode
    /// How much of the database's time has passed already.
    public var waited: Duration = .zero
}

public struct RetrievalBeginning: Sendable {
    /// Made before the first try, so that a second one begins no other.
    public let id: Retrieval.ID
    /// Nil where what the collector sent is not valid: the database says so after it has proved the collector's key.
    public let subject: Subject?
    public let requestID: String

    /// For whom, from where and of which year.
    public enum Subject: Sendable {
        case user(of: AccessToken, platform: String, taxYear: Int)
        /// The user, the platform and the year of an attempt in the modal.
        case attempt(LinkAttempt.ID)
    }
}

public struct RetrievalRow: Sendable {
    /// For an attempt, perhaps that of a beginning before this one.
    public let id: Retrieval.ID
    public let platform: String
    public let taxYear: Int
    public let createdAt: UnixTime

    public init(id: Retrieval.ID, platform: String, taxYear: Int, createdAt: UnixTime) {
        self.id = id
        self.platform = platform
        self.taxYear = taxYear
        self.createdAt = createdAt
    }
}

public struct UploadAuthorization: Sendable {
    public let retrieval: Retrieval.ID
    public let fileName: String
    public let size: Int
    public let quota: Retrieval.Quota
}

public struct RecordedFile: Sendable {
    public let retrieval: Retrieval.ID
    /// Made before the first try.
    public let id: Document.ID
    public let fileName: String
    public let contentType: String
    public let size: Int
    public let sha256: [UInt8]
    public let quota: Retrieval.Quota
}

public struct RetrievalEnding: Sendable {
    public let id: Retrieval.ID
    public let status: Retrieval.Status
    public let metadata: String
    /// Of the webhook. Made before the first try, so that a second one announces nothing twice.
    public let delivery: UUID
}

public struct RetrievalResult: Sendable, Equatable {
    public let status: Retrieval.Status
    public let platform: String
    public let taxYear: Int
    public let documentCount: Int
    public let finishedAt: UnixTime

    public init(status: Retrieval.Status, platform: String, taxYear: Int, documentCount: Int, finishedAt: UnixTime) {
        self.status = status
        self.platform = platform
        self.taxYear = taxYear
        self.documentCount = documentCount
        self.finishedAt = finishedAt
    }
}
