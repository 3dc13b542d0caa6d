/// What the database says to a collector. The names are those of the functions of `latchkey_api`.
public enum RetrievalOutcome: String, Sendable, CaseIterable {
    case ok
    case unknownCollector = "unknown_collector"
    case disabledCollector = "disabled_collector"
    case invalidToken = "invalid_token"
    case unknownPlatform = "unknown_platform"
    case unknownRetrieval = "unknown_retrieval"
    case finishedRetrieval = "finished_retrieval"
    case otherStatus = "other_status"
    case overQuota = "over_quota"
    /// What we sent is none of what the database takes, though we look at it before: our mistake.
    case invalidArgument = "invalid_argument"

    /// - Parameter clientApp: as far as the database named it.
    func check(clientApp: ClientApp.ID? = nil) throws(Refusal) {
        let kind: Refusal.Kind
        switch self {
        case .ok: return
        case .unknownCollector, .disabledCollector: kind = .invalidCollector
        case .invalidToken: kind = .invalidAccessToken
        case .unknownPlatform: kind = .unknownPlatform
        case .unknownRetrieval: kind = .unknownRetrieval
        case .finishedRetrieval: kind = .retrievalFinished
        case .otherStatus: kind = .otherStatus
        case .overQuota: kind = .overQuota
        case .invalidArgument: kind = .internalError
        }
        throw Refusal(kind, reason: rawValue, clientApp: clientApp)
    }
}
