/// What the database says to the modal. The names are those of the functions of `latchkey_api`.
public enum LinkOutcome: String, Sendable, CaseIterable {
    case ok
    case invalidToken = "invalid_token"
    case unknownOrigin = "unknown_origin"
    case usedToken = "used_token"
    case unknownSession = "unknown_session"
    case unknownPlatform = "unknown_platform"
    case unknownAttempt = "unknown_attempt"
    case tooManyAttempts = "too_many_attempts"
    /// What we sent is none of what the database takes, though we look at it before: our mistake.
    case invalidArgument = "invalid_argument"

    /// - Parameter clientApp: as far as it is known.
    func check(clientApp: ClientApp.ID? = nil) throws(Refusal) {
        let kind: Refusal.Kind
        switch self {
        case .ok: return
        case .invalidToken: kind = .invalidToken
        case .unknownOrigin: kind = .unknownOrigin
        case .usedToken: kind = .usedToken
        case .unknownSession: kind = .unknownSession
        case .unknownPlatform: kind = .unknownPlatform
        case .unknownAttempt: kind = .unknownAttempt
        case .tooManyAttempts: kind = .tooManyAttempts
        case .invalidArgument: kind = .internalError
        }
        throw Refusal(kind, reason: rawValue, clientApp: clientApp)
    }
}
