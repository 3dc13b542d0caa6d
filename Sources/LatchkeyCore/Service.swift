/// What the endpoints see of the domain: one closure an act. Each worker has a service of its own, so nothing here
/// takes a lock on the way of a request.
public struct Service {
    public var environment: Environment
    /// What the URLs begin with that are handed out.
    public var baseURLs: BaseURLs
    public var issueToken: (TokenRequest) throws(Refusal) -> IssuedToken
    public var verifyToken: (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    public var priorYear: (PriorYearRequest) throws(Refusal) -> PriorYearPage
    public var beginRetrieval: (RetrievalRequest) throws(Refusal) -> BegunRetrieval
    public var recordFile: (UploadRequest, BodyReader) throws(Refusal) -> StoredFile
    public var finishRetrieval: (FinishRequest) throws(Refusal) -> FinishedRetrieval
    public var openDocument: (DownloadRequest) throws(Refusal) -> OpenedDocument

    public init(
        environment: Environment,
        baseURLs: BaseURLs,
        issueToken: @escaping (TokenRequest) throws(Refusal) -> IssuedToken,
        verifyToken: @escaping (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken,
        priorYear: @escaping (PriorYearRequest) throws(Refusal) -> PriorYearPage,
        beginRetrieval: @escaping (RetrievalRequest) throws(Refusal) -> BegunRetrieval,
        recordFile: @escaping (UploadRequest, BodyReader) throws(Refusal) -> StoredFile,
        finishRetrieval: @escaping (FinishRequest) throws(Refusal) -> FinishedRetrieval,
        openDocument: @escaping (DownloadRequest) throws(Refusal) -> OpenedDocument
    ) {
        self.environment = environment
        self.baseURLs = baseURLs
        self.issueToken = issueToken
        self.verifyToken = verifyToken
        self.priorYear = priorYear
        self.beginRetrieval = beginRetrieval
        self.recordFile = recordFile
        self.finishRetrieval = finishRetrieval
        self.openDocument = openDocument
    }

    public static func live(
        environment: Environment, baseURLs: BaseURLs, issuer: TokenIssuer, verifier: TokenVerifier,
        links: PriorYearLinks, retrievals: Retrievals, uploads: UploadRecorder, downloads: Downloads
    ) -> Service {
        Service(
            environment: environment,
            baseURLs: baseURLs,
            issueToken: { request throws(Refusal) in try issuer.issue(request) },
            verifyToken: { token, mode throws(Refusal) in try verifier.verify(token, mode: mode) },
            priorYear: { request throws(Refusal) in try links.page(request) },
            beginRetrieval: { request throws(Refusal) in try retrievals.begin(request) },
            recordFile: { upload, body throws(Refusal) in try uploads.record(upload, body: body) },
            finishRetrieval: { request throws(Refusal) in try retrievals.finish(request) },
            openDocument: { request throws(Refusal) in try downloads.open(request) })
    }
}
