/// What the endpoints see of the domain: one closure an act. Each worker has a service of its own, so nothing here
/// takes a lock on the way of a request.
public struct Service {
    public var environment: Environment
    /// What the URLs begin with that are handed out.
    public var baseURLs: BaseURLs
    public var webhookURLs: WebhookURLRules
    public var issueToken: (TokenRequest) throws(Refusal) -> IssuedToken
    public var verifyToken: (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    public var priorYear: (PriorYearRequest) throws(Refusal) -> PriorYearPage
    public var beginRetrieval: (RetrievalRequest) throws(Refusal) -> BegunRetrieval
    public var recordFile: (UploadRequest, BodyReader) throws(Refusal) -> StoredFile
    public var finishRetrieval: (FinishRequest) throws(Refusal) -> FinishedRetrieval
    public var openDocument: (DownloadRequest) throws(Refusal) -> OpenedDocument
    public var initializeToken: (InitializeRequest) throws(Refusal) -> InitializedToken
    public var linkOrigins: (_ of: ClientApp.ID, _ waited: Duration) throws(Refusal) -> [String]
    public var openLink: (LinkOpenRequest) throws(Refusal) -> OpenedLink
    public var linkPlatforms: (LinkPlatformsRequest) throws(Refusal) -> LinkPlatformsPage
    public var beginLinkAttempt: (LinkAttemptRequest) throws(Refusal) -> BegunLinkAttempt
    public var linkAttempt: (LinkAttemptQuestion) throws(Refusal) -> (
        report: LinkAttemptReport, clientApp: ClientApp.ID?)

    public init(
        environment: Environment,
        baseURLs: BaseURLs,
        webhookURLs: WebhookURLRules,
        issueToken: @escaping (TokenRequest) throws(Refusal) -> IssuedToken,
        verifyToken: @escaping (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken,
        priorYear: @escaping (PriorYearRequest) throws(Refusal) -> PriorYearPage,
        beginRetrieval: @escaping (RetrievalRequest) throws(Refusal) -> BegunRetrieval,
        recordFile: @escaping (UploadRequest, BodyReader) throws(Refusal) -> StoredFile,
        finishRetrieval: @escaping (FinishRequest) throws(Refusal) -> FinishedRetrieval,
        openDocument: @escaping (DownloadRequest) throws(Refusal) -> OpenedDocument,
        initializeToken: @escaping (InitializeRequest) throws(Refusal) -> InitializedToken,
        linkOrigins: @escaping (_ of: ClientApp.ID, _ waited: Duration) throws(Refusal) -> [String],
        openLink: @escaping (LinkOpenRequest) throws(Refusal) -> OpenedLink,
        linkPlatforms: @escaping (LinkPlatformsRequest) throws(Refusal) -> LinkPlatformsPage,
        beginLinkAttempt: @escaping (LinkAttemptRequest) throws(Refusal) -> BegunLinkAttempt,
        linkAttempt: @escaping (LinkAttemptQuestion) throws(Refusal) -> (
            report: LinkAttemptReport, clientApp: ClientApp.ID?)
    ) {
        self.environment = environment
        self.baseURLs = baseURLs
        self.webhookURLs = webhookURLs
        self.issueToken = issueToken
        self.verifyToken = verifyToken
        self.priorYear = priorYear
        self.beginRetrieval = beginRetrieval
        self.recordFile = recordFile
        self.finishRetrieval = finishRetrieval
        self.openDocument = openDocument
        self.initializeToken = initializeToken
        self.linkOrigins = linkOrigins
        self.openLink = openLink
        self.linkPlatforms = linkPlatforms
        self.beginLinkAttempt = beginLinkAttempt
        self.linkAttempt = linkAttempt
    }

    public static func live(
        environment: Environment, baseURLs: BaseURLs, webhookURLs: WebhookURLRules, issuer: TokenIssuer,
        verifier: TokenVerifier, links: PriorYearLinks, retrievals: Retrievals, uploads: UploadRecorder,
        downloads: Downloads, linkTokens: LinkTokens, linkSessions: LinkSessions, linkAttempts: LinkAttempts
    ) -> Service {
        Service(
            environment: environment,
            baseURLs: baseURLs,
            webhookURLs: webhookURLs,
            issueToken: { request throws(Refusal) in try issuer.issue(request) },
            verifyToken: { token, mode throws(Refusal) in try verifier.verify(token, mode: mode) },
            priorYear: { request throws(Refusal) in try links.page(request) },
            beginRetrieval: { request throws(Refusal) in try retrievals.begin(request) },
            recordFile: { upload, body throws(Refusal) in try uploads.record(upload, body: body) },
            finishRetrieval: { request throws(Refusal) in try retrievals.finish(request) },
            openDocument: { request throws(Refusal) in try downloads.open(request) },
            initializeToken: { request throws(Refusal) in try linkTokens.initialize(request) },
            linkOrigins: { clientApp, waited throws(Refusal) in
                try linkSessions.origins(of: clientApp, waited: waited)
            },
            openLink: { request throws(Refusal) in try linkSessions.open(request) },
            linkPlatforms: { request throws(Refusal) in try linkSessions.platforms(request) },
            beginLinkAttempt: { request throws(Refusal) in try linkAttempts.begin(request) },
            linkAttempt: { question throws(Refusal) in try linkAttempts.report(question) })
    }
}
