public import WireFormats

/// What the database is asked for one token: that the credentials are right, and whose token it will be.
public struct TokenContextRequest: Sendable {
    public var mode: Mode
    public var apiKey: UUID
    public var secretHashes: [[UInt8]]
    /// The user that the caller named; nil to make one.
    public var userID: UUID?
    /// The id of the user that may be made. Made before the first try, so that a second one cannot make another user.
    public var newUserID: UUID
    public var idempotencyKey: String?
    public var requestID: String
    /// How much of the database's time has passed already.
    public var waited: Duration
}

public struct TokenContext: Sendable {
    /// The names are those of `latchkey_api.token_context`.
    public enum Outcome: String, Sendable {
        case ok
        case unknownAPIKey = "unknown_api_key"
        case wrongSecret = "wrong_secret"
        case expiredSecret = "expired_secret"
        case wrongMode = "wrong_mode"
        case disabledApp = "disabled_app"
        case unknownUser = "unknown_user"
        case erasedUser = "erased_user"
        case idempotencyConflict = "idempotency_conflict"
    }

    public let outcome: Outcome
    public let clientApp: ClientApp.ID?
    public let user: User.ID?

    public init(outcome: Outcome, clientApp: ClientApp.ID?, user: User.ID?) {
        self.outcome = outcome
        self.clientApp = clientApp
        self.user = user
    }
}
