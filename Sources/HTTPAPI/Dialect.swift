internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// How errors are written. The texts are part of the contract: clients compare them.
public enum Dialect: Sendable {
    /// `{"error": ..., "error_description": ...}`, after RFC 6749, section 5.2. Unknown paths, too.
    case oauth
    /// `{"detail": ...}` and more, as Django REST framework and its SimpleJWT before 5.5 do.
    case restFramework
    /// `{"error": ...}` alone, as the QuickStart has it.
    case quickStart
}

extension APIError {
    func response(in dialect: Dialect) -> Response {
        var json = JSONWriter()
        json.beginObject()
        switch dialect {
        case .oauth: writeOAuth(to: &json)
        case .restFramework: writeRESTFramework(to: &json)
        case .quickStart: writeQuickStart(to: &json)
        }
        json.endObject()
        return Response(
            status, headers: headers(in: dialect), body: json.bytes, clientApp: clientApp, reason: reason)
    }

    private func headers(in dialect: Dialect) -> [HTTPField] {
        switch kind {
        case .methodNotAllowed(_, let allowed):
            [HTTPField(name: .allow, value: allowed.map(\.rawValue).joined(separator: ", "))]
        case .temporarilyUnavailable:
            [HTTPField(name: .retryAfter, value: "1")]
        case .tooManyAttempts:
            // As long as a session may last.
            [HTTPField(name: .retryAfter, value: "3600")]
        case .invalidCollector:
            [HTTPField(name: .wwwAuthenticate, value: "APIKEY realm=\"api\"")]
        case .notAuthenticated, .badAuthorizationHeader:
            [HTTPField(name: .wwwAuthenticate, value: "Bearer realm=\"api\"")]
        case .invalidToken, .expiredToken, .tokenOfOtherMode, .unknownSession:
            [HTTPField(name: .wwwAuthenticate, value: "Bearer realm=\"api\", error=\"invalid_token\"")]
        default:
            []
        }
    }

    private func writeOAuth(to json: inout JSONWriter) {
        let (code, text) = words
        json.member("error", code)
        json.member("error_description", text)
    }

    private var words: (code: String, text: String) {
        switch kind {
        case .invalidRequest(let text): ("invalid_request", text)
        case .invalidClient: ("invalid_client", "Incorrect API key, API secret, or Taiki user ID provided")
        case .notAuthenticated, .badAuthorizationHeader, .invalidToken: ("invalid_token", "The token is not valid")
        case .expiredToken:
            ("token_expired", "The token has expired: get a new one each time the modal is opened")
        case .tokenOfOtherMode: ("wrong_mode", "The token is of the other mode")
        case .usedToken: ("token_used", "The token has opened the modal before: get a new one each time")
        case .unknownOrigin:
            ("origin_not_allowed", "The page's origin is not registered for the client app")
        case .invalidWebhookURL(let text): ("invalid_request", text)
        case .unknownSession: ("session_expired", "The session is over: open the modal with a new token")
        case .unknownAttempt: ("not_found", "There is no such attempt")
        case .tooManyAttempts: ("too_many_attempts", "The session has as many attempts as it may")
        case .idempotencyConflict:
            ("idempotency_conflict", "The Idempotency-Key was used with another Taiki user ID")
        case .invalidCollector: ("invalid_client", "Incorrect collector key provided")
        case .invalidAccessToken: ("invalid_token", "The access token or state is not valid")
        case .unknownPlatform: ("unknown_platform", "There is no such platform")
        case .unknownRetrieval: ("not_found", "There is no such retrieval")
        case .retrievalFinished: ("retrieval_finished", "The retrieval is finished")
        case .otherStatus: ("retrieval_finished", "The retrieval was finished with another status")
        case .overQuota: ("quota_exceeded", "The retrieval holds as many files or bytes as it may")
        case .storeFull: ("insufficient_storage", "The file could not be stored: no space is left")
        case .linkExpired: ("link_expired", "The link has expired")
        case .invalidLink: ("invalid_link", "The link is not valid")
        case .notFound: ("not_found", "There is no such endpoint")
        case .methodNotAllowed(_, let allowed):
            ("method_not_allowed", "The endpoint answers \(allowed.map(\.rawValue).joined(separator: " and ")) only")
        case .bodyTooLarge: ("payload_too_large", "The body is larger than \(Request.maximumBodyBytes) bytes")
        case .fileTooLarge: ("payload_too_large", "The file is larger than \(Retrieval.maximumFileBytes) bytes")
        case .unsupportedMediaType: ("unsupported_media_type", "The body must be application/json in UTF-8")
        case .temporarilyUnavailable:
            ("temporarily_unavailable", "The service is temporarily unavailable, try again later")
        case .internalError: ("server_error", "The service made a mistake; it has been logged with this request's id")
        }
    }

    private func writeRESTFramework(to json: inout JSONWriter) {
        switch kind {
        case .invalidClient, .idempotencyConflict, .invalidToken:
            json.member("detail", "Given token not valid for any token type")
            json.member("code", "token_not_valid")
            json.beginArray("messages")
            json.beginObject()
            json.member("token_class", "AccessToken")
            json.member("token_type", "access")
            json.member("message", "Token is invalid or expired")
            json.endObject()
            json.endArray()
        case .notAuthenticated:
            json.member("detail", "Authentication credentials were not provided.")
        case .badAuthorizationHeader:
            json.member("detail", "Authorization header must contain two space-delimited values")
            json.member("code", "bad_authorization_header")
        case .notFound:
            json.member("detail", "Not found.")
        case .methodNotAllowed(let method, _):
            json.member("detail", "Method \"\(method.rawValue)\" not allowed.")
        case .bodyTooLarge:
            json.member("detail", "Request body exceeded the maximum of \(Request.maximumBodyBytes) bytes.")
        case .unsupportedMediaType(let type):
            json.member("detail", "Unsupported media type \"\(type)\" in request.")
        case .temporarilyUnavailable:
            json.member("detail", "Service temporarily unavailable, try again later.")
        case .internalError:
            json.member("detail", "A server error occurred.")
        case .invalidRequest, .expiredToken, .tokenOfOtherMode, .usedToken, .unknownOrigin, .invalidWebhookURL,
            .unknownSession, .unknownAttempt, .tooManyAttempts, .invalidCollector, .invalidAccessToken,
            .unknownPlatform, .unknownRetrieval, .retrievalFinished, .otherStatus, .overQuota, .fileTooLarge,
            .storeFull, .linkExpired, .invalidLink:
            json.member("detail", words.text)
        }
    }

    private func writeQuickStart(to json: inout JSONWriter) {
        switch kind {
        case .invalidRequest:
            json.member("error", "Invalid request")
        case .invalidWebhookURL(let text):
            json.member("error", "Invalid request")
            json.member("error_description", text)
        case .invalidClient:
            json.member("error", "Invalid secret or user ID")
        default:
            json.member("error", words.text)
        }
    }
}
