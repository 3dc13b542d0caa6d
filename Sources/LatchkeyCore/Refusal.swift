/// Why a request is not answered with success. What each kind becomes on the wire is the business of the dialects.
public struct Refusal: Error, Sendable {
    public enum Kind: Sendable, CaseIterable {
        /// Key, secret or user id wrong, in whichever way: the caller learns no more than that.
        case invalidClient
        /// The Idempotency-Key was used for another request.
        case idempotencyConflict
        /// A token that does not open anything, in whichever way.
        case invalidToken
        /// The token's time is over, and its user is to hear so.
        case expiredToken
        /// The token is of the other mode, and its user is to hear so.
        case tokenOfOtherMode
        /// The token has opened the modal before.
        case usedToken
        /// The page that embeds the modal is none of the client app's.
        case unknownOrigin
        /// Neither the request nor the client app says where webhooks go.
        case noWebhookURL
        /// No session of the modal, or one that is over.
        case unknownSession
        /// No attempt of this session.
        case unknownAttempt
        /// The session has as many attempts as it may.
        case tooManyAttempts
        /// The collector's key wrong, in whichever way.
        case invalidCollector
        /// The token of the user for whom a collector retrieves, or the state of an attempt, opens nothing.
        case invalidAccessToken
        case unknownPlatform
        /// No retrieval that this collector could go on with.
        case unknownRetrieval
        case retrievalFinished
        /// The retrieval was finished with another status.
        case otherStatus
        /// The retrieval holds as many files or bytes as it may.
        case overQuota
        /// Larger than any file may be.
        case fileTooLarge
        /// The body ended early, did not come in time, or was longer than announced.
        case incompleteFile
        /// No space is left for files.
        case storeFull
        /// A download link whose time is over, and right otherwise.
        case linkExpired
        /// A download link that opens nothing, in whichever way.
        case invalidLink
        /// The database is away: the same request may succeed soon.
        case temporarilyUnavailable
        /// Our own mistake or the operator's.
        case internalError
    }

    public let kind: Kind
    /// For the log: one stable word, such as `wrong_secret`; of an internal error a sentence. Never a value that a
    /// client sent.
    public let reason: String
    /// The client app concerned, as far as it is known.
    public let clientApp: ClientApp.ID?

    public init(_ kind: Kind, reason: String, clientApp: ClientApp.ID? = nil) {
        self.kind = kind
        self.reason = reason
        self.clientApp = clientApp
    }
}
