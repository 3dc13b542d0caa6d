public import HTTPTypes

/// The endpoints. A case without a handler in ``Responder`` does not compile.
public enum Route: String, CaseIterable, Sendable {
    case taikiToken = "taiki_token"
    case taikiVerifyToken = "taiki_verify_token"
    case taikiPriorYear = "taiki_prior_year"
    case taikiBeginRetrieval = "taiki_begin_retrieval"
    case taikiUpload = "taiki_upload"
    case taikiFinishRetrieval = "taiki_finish_retrieval"
    case taikiDownload = "taiki_download"
    case quickStartInitializeToken = "quickstart_initialize_token"
    case linkPage = "link_page"
    case linkOpen = "link_open"
    case linkPlatforms = "link_platforms"
    case linkBeginAttempt = "link_begin_attempt"
    case linkReadAttempt = "link_read_attempt"

    public var method: HTTPRequest.Method {
        switch self {
        case .taikiToken, .taikiVerifyToken, .taikiBeginRetrieval, .taikiFinishRetrieval: .post
        case .quickStartInitializeToken, .linkOpen, .linkBeginAttempt: .post
        case .taikiPriorYear, .taikiDownload, .linkPage, .linkPlatforms, .linkReadAttempt: .get
        case .taikiUpload: .put
        }
    }

    /// Whether HEAD is answered like GET.
    var answersHead: Bool { self == .taikiDownload || self == .linkPage }

    public var methods: [HTTPRequest.Method] { answersHead ? [method, .head] : [method] }

    /// What stands in braces is any text without a slash; at the end, any text at all.
    public var path: String {
        switch self {
        case .taikiToken: "/api/token"
        case .taikiVerifyToken: "/api/verify-token"
        case .taikiPriorYear: "/api/prior-year"
        case .taikiBeginRetrieval: "/api/retrievals"
        case .taikiUpload: "/api/retrievals/{id}/files/{file_name}"
        case .taikiFinishRetrieval: "/api/retrievals/{id}/finish"
        case .taikiDownload: "/download/{id}"
        case .quickStartInitializeToken: "/initialize-token"
        case .linkPage: "/link/"
        case .linkOpen: "/api/link/open"
        case .linkPlatforms: "/api/link/platforms"
        case .linkBeginAttempt: "/api/link/attempts"
        case .linkReadAttempt: "/api/link/attempts/{id}"
        }
    }

    /// How its errors are written.
    public var dialect: Dialect {
        switch self {
        case .taikiToken, .taikiBeginRetrieval, .taikiUpload, .taikiFinishRetrieval, .taikiDownload, .linkPage,
            .linkOpen, .linkPlatforms, .linkBeginAttempt, .linkReadAttempt:
            .oauth
        case .quickStartInitializeToken: .quickStart
        case .taikiVerifyToken, .taikiPriorYear: .restFramework
        }
    }
}
