internal import JOSE
internal import PostgreSQL
public import WireFormats

/// A collector's request to begin a retrieval.
public struct RetrievalRequest: Sendable {
    /// For whom, from where and of which year.
    public enum Subject: Sendable, Equatable {
        /// The user of a token, and what the collector chose.
        case user(accessToken: String, platform: String, taxYear: Int)
        /// What the user chose in the modal, of which the state tells the collector nothing.
        case attempt(state: String)
    }

    public var mode: Mode
    public var collectorKey: String
    public var subject: Subject
    public var requestID: String
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(
        mode: Mode, collectorKey: String, subject: Subject, requestID: String, waited: Duration = .zero
    ) {
        self.mode = mode
        self.collectorKey = collectorKey
        self.subject = subject
        self.requestID = requestID
        self.waited = waited
    }
}

/// A retrieval that takes files now.
public struct BegunRetrieval: Sendable {
    public let id: Retrieval.ID
    public let clientApp: ClientApp.ID?
    public let platform: String
    public let taxYear: Int
    public let createdAt: UnixTime

    public init(
        id: Retrieval.ID, clientApp: ClientApp.ID?, platform: String, taxYear: Int, createdAt: UnixTime
    ) {
        self.id = id
        self.clientApp = clientApp
        self.platform = platform
        self.taxYear = taxYear
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
    private let states: LinkStates

    /// - Parameter verify: tells whose a token is, as `TokenVerifier` does.
    public init(
        keys: KeyRing, environment: Environment, records: any RetrievalRecords,
        verify: @escaping (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    ) {
        self.environment = environment
        self.records = records
        self.verify = verify
        proof = CollectorProof(keys: keys)
        states = LinkStates(keys: keys, environment: environment)
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
        let subject: RetrievalBeginning.Subject?
        var refusal: Refusal?
        do throws(Refusal) {
            subject = try self.subject(of: request)
        } catch {
            guard error.kind == .invalidToken else { throw error }
            (subject, refusal) = (nil, error)
        }
        let (outcome, clientApp, begun) = try records.begin(
            RetrievalBeginning(
                id: Retrieval.ID(try environment.newUUID()), subject: subject, requestID: request.requestID),
            by: CollectorCall(
                keyHashes: try proof.hashes(of: request.collectorKey), mode: request.mode, waited: request.waited))
        if outcome == .invalidToken, let refusal {
            throw Refusal(.invalidAccessToken, reason: refusal.reason, clientApp: refusal.clientApp)
        }
        var known = clientApp
        if case .user(let token, _, _) = subject { known = token.clientApp }
        try outcome.check(clientApp: known)
        guard subject != nil, let begun else { throw DatabaseError.unexpectedResult }
        return BegunRetrieval(
            id: begun.id, clientApp: known, platform: begun.platform, taxYear: begun.taxYear,
            createdAt: begun.createdAt)
    }

    private func subject(of request: RetrievalRequest) throws(Refusal) -> RetrievalBeginning.Subject {
        switch request.subject {
        case .user(let accessToken, let platform, let taxYear):
            let token = try verify(Array(accessToken.utf8)[...], request.mode)
            return .user(of: token, platform: platform, taxYear: taxYear)
        case .attempt(let state):
            return .attempt(try states.attempt(of: Array(state.utf8)[...], mode: request.mode))
        }
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
