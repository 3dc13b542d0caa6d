public import HTTPTypes
public import LatchkeyCore

/// Every way in which a request is not answered with success, before a dialect gives it words.
public struct APIError: Error, Sendable {
    public enum Kind: Sendable, Equatable {
        /// What is wrong with the request, in a sentence for the developer who wrote it.
        case invalidRequest(String)
        case invalidClient
        case idempotencyConflict
        /// No Authorization header, or one of another scheme.
        case notAuthenticated
        /// A Bearer scheme without exactly one value.
        case badAuthorizationHeader
        case invalidToken
        case expiredToken
        case tokenOfOtherMode
        case usedToken
        case unknownOrigin
        /// What is wrong with the URL for webhooks, or that there is none.
        case invalidWebhookURL(String)
        case unknownSession
        case unknownAttempt
        case tooManyAttempts
        /// The collector's key is missing or wrong.
        case invalidCollector
        case invalidAccessToken
        case unknownPlatform
        case unknownRetrieval
        case retrievalFinished
        case otherStatus
        case overQuota
        case storeFull
        case linkExpired
        case invalidLink
        case notFound
        case methodNotAllowed(HTTPRequest.Method, allowed: [HTTPRequest.Method])
        case bodyTooLarge
        case fileTooLarge
        case unsupportedMediaType(String)
        case temporarilyUnavailable
        case internalError
    }

    public let kind: Kind
    /// For the log: one stable word.
    public let reason: String
    public let clientApp: ClientApp.ID?

    public init(_ kind: Kind, reason: String, clientApp: ClientApp.ID? = nil) {
        self.kind = kind
        self.reason = reason
        self.clientApp = clientApp
    }

    /// The sentence about a body that broke off.
    static let wrongLength = "The body is not as long as Content-Length says"

    public init(_ refusal: Refusal) {
        let kind: Kind
        switch refusal.kind {
        case .invalidClient: kind = .invalidClient
        case .idempotencyConflict: kind = .idempotencyConflict
        case .invalidToken: kind = .invalidToken
        case .expiredToken: kind = .expiredToken
        case .tokenOfOtherMode: kind = .tokenOfOtherMode
        case .usedToken: kind = .usedToken
        case .unknownOrigin: kind = .unknownOrigin
        case .noWebhookURL: kind = .invalidWebhookURL("No webhookURL provided, and the client app has none of its own")
        case .unknownSession: kind = .unknownSession
        case .unknownAttempt: kind = .unknownAttempt
        case .tooManyAttempts: kind = .tooManyAttempts
        case .invalidCollector: kind = .invalidCollector
        case .invalidAccessToken: kind = .invalidAccessToken
        case .unknownPlatform: kind = .unknownPlatform
        case .unknownRetrieval: kind = .unknownRetrieval
        case .retrievalFinished: kind = .retrievalFinished
        case .otherStatus: kind = .otherStatus
        case .overQuota: kind = .overQuota
        case .fileTooLarge: kind = .fileTooLarge
        case .incompleteFile: kind = .invalidRequest(Self.wrongLength)
        case .storeFull: kind = .storeFull
        case .linkExpired: kind = .linkExpired
        case .invalidLink: kind = .invalidLink
        case .temporarilyUnavailable: kind = .temporarilyUnavailable
        case .internalError: kind = .internalError
        }
        self.init(kind, reason: refusal.reason, clientApp: refusal.clientApp)
    }

    var status: HTTPResponse.Status {
        switch kind {
        case .invalidRequest, .invalidWebhookURL, .invalidAccessToken, .unknownPlatform: .badRequest
        case .invalidClient, .notAuthenticated, .badAuthorizationHeader, .invalidToken, .expiredToken,
            .tokenOfOtherMode, .unknownSession, .invalidCollector:
            .unauthorized
        case .unknownOrigin, .linkExpired, .invalidLink: .forbidden
        case .notFound, .unknownRetrieval, .unknownAttempt: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .idempotencyConflict, .usedToken, .retrievalFinished, .otherStatus: .conflict
        case .bodyTooLarge, .fileTooLarge, .overQuota: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .tooManyAttempts: .tooManyRequests
        case .internalError: .internalServerError
        case .temporarilyUnavailable: .serviceUnavailable
        case .storeFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }
}
