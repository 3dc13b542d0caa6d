public import HTTPTypes

/// The endpoints. A case without a handler in ``Responder`` does not compile.
public enum Route: String, CaseIterable, Sendable {
    case taikiToken = "taiki_token"
    case taikiVerifyToken = "taiki_verify_token"

    public var method: HTTPRequest.Method {
        switch self {
        case .taikiToken, .taikiVerifyToken: .post
        }
    }

    public var path: String {
        switch self {
        case .taikiToken: "/api/token"
        case .taikiVerifyToken: "/api/verify-token"
        }
    }

    /// How its errors are written.
    public var dialect: Dialect {
        switch self {
        case .taikiToken: .oauth
        case .taikiVerifyToken: .restFramework
        }
    }
}
