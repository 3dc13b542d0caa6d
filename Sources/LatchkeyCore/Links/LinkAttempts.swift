internal import JOSE
internal import PostgreSQL
public import WireFormats

/// A request of the modal to begin an attempt.
public struct LinkAttemptRequest: Sendable {
    public var mode: Mode
    public var sessionKey: String
    public var platform: String
    public var taxYear: Int
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(mode: Mode, sessionKey: String, platform: String, taxYear: Int, waited: Duration = .zero) {
        self.mode = mode
        self.sessionKey = sessionKey
        self.platform = platform
        self.taxYear = taxYear
        self.waited = waited
    }
}

/// An attempt that waits for a collector.
public struct BegunLinkAttempt: Sendable {
    public let id: LinkAttempt.ID
    public let platformName: String
    /// With it a collector begins the retrieval.
    public let state: String
    /// Where the user signs in, the state in its query; nil where the modal has the form.
    public let connectorURL: String?
    public let expiresAt: UnixTime
    public let clientApp: ClientApp.ID?

    public init(
        id: LinkAttempt.ID, platformName: String, state: String, connectorURL: String?, expiresAt: UnixTime,
        clientApp: ClientApp.ID?
    ) {
        self.id = id
        self.platformName = platformName
        self.state = state
        self.connectorURL = connectorURL
        self.expiresAt = expiresAt
        self.clientApp = clientApp
    }
}

/// How far an attempt is, and what it brought.
public struct LinkAttemptReport: Sendable {
    public struct File: Sendable, Equatable {
        public let name: String
        public let contentType: String
        public let size: Int

        public init(name: String, contentType: String, size: Int) {
            self.name = name
            self.contentType = contentType
            self.size = size
        }
    }

    public let status: LinkAttempt.Status
    public let platform: String
    public let platformName: String
    public let taxYear: Int
    public let finishedAt: UnixTime?
    public let files: [File]

    public init(
        status: LinkAttempt.Status, platform: String, platformName: String, taxYear: Int, finishedAt: UnixTime?,
        files: [File]
    ) {
        self.status = status
        self.platform = platform
        self.platformName = platformName
        self.taxYear = taxYear
        self.finishedAt = finishedAt
        self.files = files
    }
}

/// A request of the modal to hear how far an attempt is.
public struct LinkAttemptQuestion: Sendable {
    public var mode: Mode
    public var sessionKey: String
    public var attempt: LinkAttempt.ID
    public var waited: Duration

    public init(mode: Mode, sessionKey: String, attempt: LinkAttempt.ID, waited: Duration = .zero) {
        self.mode = mode
        self.sessionKey = sessionKey
        self.attempt = attempt
        self.waited = waited
    }
}

/// Begins attempts and tells how far they are. One per worker: it keeps MAC contexts.
public final class LinkAttempts {
    private let environment: Environment
    private let records: any LinkRecords
    private var proof: LinkSessionProof
    private let states: LinkStates

    public init(keys: KeyRing, environment: Environment, records: any LinkRecords) {
        self.environment = environment
        self.records = records
        proof = LinkSessionProof(keys: keys)
        states = LinkStates(keys: keys, environment: environment)
    }

    public convenience init(keys: KeyRing, environment: Environment, database: DatabaseSession) {
        self.init(keys: keys, environment: environment, records: LinkStore(database))
    }

    public func begin(_ request: LinkAttemptRequest) throws(Refusal) -> BegunLinkAttempt {
        do {
            let id = LinkAttempt.ID(try environment.newUUID())
            let (outcome, clientApp, begun) = try records.begin(
                LinkAttemptBeginning(id: id, platform: request.platform, taxYear: request.taxYear),
                of: try proof.call(request.sessionKey, mode: request.mode, waited: request.waited))
            try outcome.check(clientApp: clientApp)
            guard let begun else { throw DatabaseError.unexpectedResult }
            let state = try states.state(of: id, mode: request.mode)
            return BegunLinkAttempt(
                id: id, platformName: begun.platformName, state: state,
                connectorURL: begun.connectorURL.map { Self.url($0, with: state) }, expiresAt: begun.expiresAt,
                clientApp: clientApp)
        } catch {
            throw Refusal(error)
        }
    }

    /// A connector's URL with the state in its query, before a fragment.
    static func url(_ connectorURL: String, with state: String) -> String {
        let end = connectorURL.firstIndex(of: "#") ?? connectorURL.endIndex
        let (page, fragment) = (connectorURL[..<end], connectorURL[end...])
        // Whoever has a page of one parameter and a place for ours behind it needs no second separator.
        let separator = page.hasSuffix("?") || page.hasSuffix("&") ? "" : page.contains("?") ? "&" : "?"
        return "\(page)\(separator)state=\(state)\(fragment)"
    }

    public func report(
        _ question: LinkAttemptQuestion
    ) throws(Refusal) -> (report: LinkAttemptReport, clientApp: ClientApp.ID?) {
        do {
            let (outcome, clientApp, report) = try records.read(
                question.attempt,
                of: try proof.call(question.sessionKey, mode: question.mode, waited: question.waited))
            try outcome.check(clientApp: clientApp)
            guard let report else { throw DatabaseError.unexpectedResult }
            return (report, clientApp)
        } catch {
            throw Refusal(error)
        }
    }
}
