public import PostgreSQL
public import WireFormats

/// The database's part of the modal: one call, one round trip, and each may be repeated without harm.
public protocol LinkRecords {
    func initialize(_ token: LinkTokenQuery) throws(DatabaseError) -> LinkTokenRow
    /// The origins of pages that may embed the modal for an active app; none for any other.
    func origins(of clientApp: ClientApp.ID, waited: Duration) throws(DatabaseError) -> [String]
    func open(_ opening: LinkOpening) throws(DatabaseError) -> (outcome: LinkOutcome, sessionExpires: UnixTime?)
    func platforms(_ query: LinkPlatformQuery, of session: LinkSessionCall) throws(DatabaseError)
        -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, platforms: [LinkPlatform])
    func begin(_ attempt: LinkAttemptBeginning, of session: LinkSessionCall) throws(DatabaseError)
        -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, begun: LinkAttemptRow?)
    func read(_ attempt: LinkAttempt.ID, of session: LinkSessionCall) throws(DatabaseError)
        -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, report: LinkAttemptReport?)
}

/// Whose modal calls, as the database can prove it.
public struct LinkSessionCall: Sendable {
    public let keyHashes: [[UInt8]]
    public let mode: Mode
    /// How much of the database's time has passed already.
    public let waited: Duration
}

/// What the database is asked for a token that a secret alone is traded for.
public struct LinkTokenQuery: Sendable {
    public let mode: Mode
    public let secretHashes: [[UInt8]]
    /// The user that the caller named; nil to make one.
    public let userID: UUID?
    /// Made before the first try, so that a second one cannot make another user, nor another token.
    public let newUserID: UUID
    public let token: AccessToken.ID
    /// Nil for the client app's own.
    public let webhookURL: String?
    public let requestID: String
    public let waited: Duration
}

public struct LinkTokenRow: Sendable {
    /// The names are those of `latchkey_api.initialize_token`.
    public enum Outcome: String, Sendable, CaseIterable {
        case ok
        case unknownSecret = "unknown_secret"
        case expiredSecret = "expired_secret"
        case wrongMode = "wrong_mode"
        case disabledApp = "disabled_app"
        case unknownUser = "unknown_user"
        case erasedUser = "erased_user"
        case noWebhookURL = "no_webhook_url"
        /// As of ``LinkOutcome``.
        case invalidArgument = "invalid_argument"
    }

    public let outcome: Outcome
    public let clientApp: ClientApp.ID?
    public let user: User.ID?
    /// Counts up.
    public let number: Int?

    public init(outcome: Outcome, clientApp: ClientApp.ID?, user: User.ID?, number: Int?) {
        self.outcome = outcome
        self.clientApp = clientApp
        self.user = user
        self.number = number
    }
}

public struct LinkOpening: Sendable {
    public let token: AccessToken
    public let origin: String
    public let metadata: String
    public let sessionHash: [UInt8]
    public let waited: Duration
}

public struct LinkPlatformQuery: Sendable {
    public let search: String?
    /// Nil for the first ones.
    public let after: LinkPlatformCursor?
    public let limit: Int
}

/// A platform of the catalogue.
public struct LinkPlatform: Sendable, Equatable {
    public let id: String
    public let name: String
    /// Whether the user signs in on a page of its own; else the modal has the form.
    public let hasConnector: Bool

    public init(id: String, name: String, hasConnector: Bool) {
        self.id = id
        self.name = name
        self.hasConnector = hasConnector
    }
}

public struct LinkAttemptBeginning: Sendable {
    /// Made before the first try, so that a second one begins no other.
    public let id: LinkAttempt.ID
    public let platform: String
    public let taxYear: Int
}

public struct LinkAttemptRow: Sendable {
    public let platformName: String
    public let connectorURL: String?
    /// When the session is over, and with it what the modal shows of the attempt.
    public let expiresAt: UnixTime

    public init(platformName: String, connectorURL: String?, expiresAt: UnixTime) {
        self.platformName = platformName
        self.connectorURL = connectorURL
        self.expiresAt = expiresAt
    }
}
