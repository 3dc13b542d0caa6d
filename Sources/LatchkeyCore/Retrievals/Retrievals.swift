internal import JOSE
internal import PostgreSQL
public import WireFormats

/// A collector's request to begin a retrieval.
public struct RetrievalRequest: Sendable {
    public var mode: Mode
    public var collectorKey: String
    /// Of the user for whom it retrieves.
    public var accessToken: String
    public var platform: String
    public var taxYear: Int
    public var requestID: String
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(
        mode: Mode, collectorKey: String, accessToken: String, platform: String, taxYear: Int, requestID: String,
        waited: Duration = .zero
    ) {
        self.mode = mode
        self.collectorKey = collectorKey
        self.accessToken = accessToken
        self.platform = platform
        self.taxYear = taxYear
        self.requestID = requestID
        self.waited = waited
    }
}

/// A retrieval that takes files now.
public struct BegunRetrieval: Sendable {
    public let id: Retrieval.ID
    public let clientApp: ClientApp.ID
    public let createdAt: UnixTime

    public init(id: Retrieval.ID, clientApp: ClientApp.ID, createdAt: UnixTime) {
        self.id = id
        self.clientApp = clientApp
        self.createdAt = createdAt
    }
}

/// A collector's request to finish a retrieval.
public struct FinishRequest: Sendable {
    public var mode: Mode
    public var collectorKey: String
    public var retrieval: Retrieval.ID
    public var status: Retrieval.Status
    /// A JSON object as the collector wrote it.
    public var metadata: String
    public var waited: Duration

    public init(
        mode: Mode, collectorKey: String, retrieval: Retrieval.ID, status: Retrieval.Status, metadata: String,
        waited: Duration = .zero
    ) {
        self.mode = mode
        self.collectorKey = collectorKey
        self.retrieval = retrieval
        self.status = status
        self.metadata = metadata
        self.waited = waited
    }
}

/// A retrieval that is over.
public struct FinishedRetrieval: Sendable {
    public let id: Retrieval.ID
    public let clientApp: ClientApp.ID?
    public let result: RetrievalResult

    public init(id: Retrieval.ID, clientApp: ClientApp.ID?, result: RetrievalResult) {
        self.id = id
        self.clientApp = clientApp
        self.result = result
    }
}

/// Begins and finishes retrievals. One per worker: it keeps MAC contexts.
public final class Retrievals {
    private let environment: Environment
    private let records: any RetrievalRecords
    private let verify: (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    private var proof: CollectorProof

    /// - Parameter verify: tells whose a token is, as `TokenVerifier` does.
    public init(
        keys: KeyRing, environment: Environment, records: any RetrievalRecords,
        verify: @escaping (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    ) {
        self.environment = environment
        self.records = records
        self.verify = verify
        proof = CollectorProof(keys: keys)
    }

    public convenience init(
        keys: KeyRing, environment: Environment, database: DatabaseSession, verifier: TokenVerifier
    ) {
        self.init(keys: keys, environment: environment, records: RetrievalStore(database)) {
            token, mode throws(Refusal) in try verifier.verify(token, mode: mode)
        }
    }

    public func begin(_ request: RetrievalRequest) throws(Refusal) -> BegunRetrieval {
        do {
            return try beginOrThrow(request)
        } catch {
            throw Refusal(error)
        }
    }

    private func beginOrThrow(_ request: RetrievalRequest) throws -> BegunRetrieval {
        // Only who has a collector's key may learn whether a token is valid, so that the database comes first.
        let access: AccessToken?
        var refusal: Refusal?
        do throws(Refusal) {
            access = try verify(Array(request.accessToken.utf8)[...], request.mode)
        } catch {
            guard error.kind == .invalidToken else { throw error }
            (access, refusal) = (nil, error)
        }
        let id = Retrieval.ID(try environment.newUUID())
        let (outcome, createdAt) = try records.begin(
            RetrievalBeginning(
                id: id, clientApp: access?.clientApp, user: access?.user, platform: request.platform,
                taxYear: request.taxYear, requestID: request.requestID),
            by: CollectorCall(
                keyHashes: try proof.hashes(of: request.collectorKey), mode: request.mode, waited: request.waited))
        if outcome == .invalidToken, let refusal {
            throw Refusal(.invalidAccessToken, reason: refusal.reason, clientApp: refusal.clientApp)
        }
        try outcome.check(clientApp: access?.clientApp)
        guard let createdAt, let access else { throw DatabaseError.unexpectedResult }
        return BegunRetrieval(id: id, clientApp: access.clientApp, createdAt: createdAt)
    }

    /// Publishes what was retrieved and queues the webhook; a second time with the same status, answers the same.
    public func finish(_ request: FinishRequest) throws(Refusal) -> FinishedRetrieval {
        do {
            let (outcome, clientApp, result) = try records.finish(
                RetrievalEnding(
                    id: request.retrieval, status: request.status, metadata: request.metadata,
                    delivery: try environment.newUUID()),
                by: CollectorCall(
                    keyHashes: try proof.hashes(of: request.collectorKey), mode: request.mode, waited: request.waited))
            try outcome.check(clientApp: clientApp)
            guard let result else { throw DatabaseError.unexpectedResult }
            return FinishedRetrieval(id: request.retrieval, clientApp: clientApp, result: result)
        } catch {
            throw Refusal(error)
        }
    }
}
