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
        case notFound
        case methodNotAllowed(HTTPRequest.Method, allowed: HTTPRequest.Method)
        case bodyTooLarge
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

    public init(_ refusal: Refusal) {
        let kind: Kind
        switch refusal.kind {
        case .invalidClient: kind = .invalidClient
        case .idempotencyConflict: kind = .idempotencyConflict
        case .invalidToken: kind = .invalidToken
        case .temporarilyUnavailable: kind = .temporarilyUnavailable
        case .internalError: kind = .internalError
        }
        self.init(kind, reason: refusal.reason, clientApp: refusal.clientApp)
    }

    var status: HTTPResponse.Status {
        switch kind {
        case .invalidRequest: .badRequest
        case .invalidClient, .notAuthenticated, .badAuthorizationHeader, .invalidToken: .unauthorized
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .idempotencyConflict: .conflict
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .internalError: .internalServerError
        case .temporarilyUnavailable: .serviceUnavailable
        }
    }
}
