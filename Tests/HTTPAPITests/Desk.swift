import HTTPTypes
import JOSE
import LatchkeyCore
import Testing
import WireFormats

@testable import HTTPAPI

/// A responder over a domain that says yes, or whatever a test wants, and remembers what it was asked.
final class Desk {
    static let app = ClientApp.ID(UUID(high: 0xa1, low: 1))
    static let user = User.ID(UUID(high: 0xb1, low: 1))
    static let retrieval = Retrieval.ID(UUID(high: 0xd1, low: 1))
    static let document = Document.ID(UUID(high: 0xe1, low: 1))
    static let attempt = LinkAttempt.ID(UUID(high: 0xf1, low: 1))
    static let requestID = "01958c8a-1234-7000-8000-000000000007"
    /// In 2025.
    static let milliseconds: Int64 = 0x0195_8c8a_1234

    private(set) var tokenRequests: [TokenRequest] = []
    private(set) var verified: [(token: String, mode: Mode)] = []
    private(set) var priorYearRequests: [PriorYearRequest] = []
    private(set) var retrievals: [RetrievalRequest] = []
    private(set) var uploads: [(request: UploadRequest, body: [UInt8], isWhole: Bool)] = []
    private(set) var finishes: [FinishRequest] = []
    private(set) var downloads: [DownloadRequest] = []
    private(set) var initializations: [InitializeRequest] = []
    private(set) var pages: [ClientApp.ID] = []
    private(set) var openings: [LinkOpenRequest] = []
    private(set) var catalogues: [LinkPlatformsRequest] = []
    private(set) var attempts: [LinkAttemptRequest] = []
    private(set) var questions: [LinkAttemptQuestion] = []
    /// What the domain refuses everything with.
    var refusal: Refusal?
    /// What it answers.
    var page = PriorYearPage(
        platforms: [], documents: [], linksExpire: UnixTime(secondsSinceEpoch: 1_741_815_901), next: nil)
    var opened = OpenedDocument(
        path: "ab/abcdef", fileName: "1099_INT.pdf", contentType: "application/pdf", clientApp: Desk.app)

    var origins = ["https://app.example"]
    var platforms = LinkPlatformsPage(platforms: [], next: nil, clientApp: Desk.app)
    var connectorURL: String?
    var report = LinkAttemptReport(
        status: .waiting, platform: "first-sandbox-bank", platformName: "First Sandbox Bank", taxYear: 2024,
        finishedAt: nil, files: [])

    private let longestWait: Duration
    private let allowed: [IPNetwork]

    /// - Parameter allowed: networks that webhooks may go to besides the public Internet.
    init(longestWait: Duration = .seconds(1), allowed: String...) {
        self.longestWait = longestWait
        self.allowed = allowed.compactMap(IPNetwork.init)
    }

    lazy var service = Service(
        environment: Environment(milliseconds: { Self.milliseconds }, random: { () throws(JOSEError) in (0, 7) }),
        baseURLs: BaseURLs(production: "https://api.example.com", sandbox: "https://sandbox.example.com"),
        webhookURLs: WebhookURLRules(allowed: allowed),
        issueToken: { [unowned self] request throws(Refusal) in
            tokenRequests.append(request)
            if let refusal { throw refusal }
            return IssuedToken(token: Array("header.claims.signature".utf8), user: Self.user, clientApp: Self.app)
        },
        verifyToken: { [unowned self] token, mode throws(Refusal) in
            verified.append((String(decoding: token, as: UTF8.self), mode))
            if let refusal { throw refusal }
            return AccessToken(
                id: .init(high: 0, low: 1), clientApp: Self.app, user: Self.user, mode: mode,
                issuedAt: UnixTime(secondsSinceEpoch: 0))
        },
        priorYear: { [unowned self] request throws(Refusal) in
            priorYearRequests.append(request)
            return page
        },
        beginRetrieval: { [unowned self] request throws(Refusal) in
            retrievals.append(request)
            if let refusal { throw refusal }
            return BegunRetrieval(
                id: Self.retrieval, clientApp: Self.app, platform: "p", taxYear: 2024,
                createdAt: UnixTime(secondsSinceEpoch: 1_741_815_000))
        },
        recordFile: { [unowned self] request, body throws(Refusal) in
            var bytes: [UInt8] = []
            let isWhole = try body { piece in for index in piece.indices { bytes.append(piece[index]) } }
            uploads.append((request, bytes, isWhole))
            if let refusal { throw refusal }
            return StoredFile(sha256: String(repeating: "ab", count: 32), clientApp: Self.app)
        },
        finishRetrieval: { [unowned self] request throws(Refusal) in
            finishes.append(request)
            if let refusal { throw refusal }
            return FinishedRetrieval(
                id: request.retrieval, clientApp: Self.app, result: RetrievalResult(
                    status: request.status, platform: "first-sandbox-bank", taxYear: 2024, documentCount: 2,
                    finishedAt: UnixTime(secondsSinceEpoch: 1_741_815_000)))
        },
        openDocument: { [unowned self] request throws(Refusal) in
            downloads.append(request)
            if let refusal { throw refusal }
            return opened
        },
        initializeToken: { [unowned self] request throws(Refusal) in
            initializations.append(request)
            if let refusal { throw refusal }
            return InitializedToken(
                number: 7, token: Array("header.claims.signature".utf8), user: Self.user, clientApp: Self.app)
        },
        linkOrigins: { [unowned self] clientApp, _ throws(Refusal) in
            pages.append(clientApp)
            if let refusal { throw refusal }
            return origins
        },
        openLink: { [unowned self] request throws(Refusal) in
            openings.append(request)
            if let refusal { throw refusal }
            return OpenedLink(
                key: LinkSessionKey(random: []), expiresAt: UnixTime(secondsSinceEpoch: 1_741_818_600),
                clientApp: Self.app)
        },
        linkPlatforms: { [unowned self] request throws(Refusal) in
            catalogues.append(request)
            if let refusal { throw refusal }
            return platforms
        },
        beginLinkAttempt: { [unowned self] request throws(Refusal) in
            attempts.append(request)
            if let refusal { throw refusal }
            return BegunLinkAttempt(
                id: Self.attempt, platformName: "First Sandbox Bank", state: "header.state.signature",
                connectorURL: connectorURL, expiresAt: UnixTime(secondsSinceEpoch: 1_741_818_600), clientApp: Self.app)
        },
        linkAttempt: { [unowned self] question throws(Refusal) in
            questions.append(question)
            if let refusal { throw refusal }
            return (report, Self.app)
        })

    private(set) lazy var responder = Responder(service: service, longestWait: longestWait)

    func respond(to request: Request) -> Responder.Answer { responder.answer(to: request) }

    /// `POST /api/token` with this body.
    func issue(_ body: String) -> Responder.Answer { respond(to: Self.issue(Array(body.utf8))) }

    static func issue(_ body: [UInt8] = Array(#"{"api_key":"k","api_secret":"s"}"#.utf8)) -> Request {
        post(Route.taikiToken.path, body)
    }

    /// `POST /api/verify-token` with this header, or none.
    static func verify(_ authorization: String? = "Bearer a.b.c") -> Request {
        var request = post(Route.taikiVerifyToken.path, [])
        if let authorization { request.authorization = .init(authorization) }
        return request
    }

    static func post(_ path: String, _ body: [UInt8]) -> Request {
        var request = Request()
        request.method = .init("POST")
        request.path = .init(path)
        request.mode = .production
        request.body = .bytes(body)
        return request
    }

    /// `GET /api/prior-year` with this query.
    static func priorYear(_ query: String = "") -> Request {
        var request = post(Route.taikiPriorYear.path, [])
        request.method = .init("GET")
        request.query = .init(query)
        request.authorization = .init("Bearer a.b.c")
        return request
    }

    private static func collected(_ path: String, _ body: String) -> Request {
        var request = post(path, Array(body.utf8))
        request.authorization = .init("APIKEY lk_coll_key")
        return request
    }

    static func begin(
        _ body: String = #"{"access_token":"a.b.c","platform":"first-sandbox-bank","tax_year":2024}"#
    ) -> Request {
        collected(Route.taikiBeginRetrieval.path, body)
    }

    static func upload(_ name: [UInt8] = Array("1099_INT.pdf".utf8), body: String = "%PDF-1.7") -> Request {
        var request = collected("/api/retrievals/\(retrieval.uuid)/files/", "")
        request.path.value += name
        request.method = .init("PUT")
        request.body = .stream(TestStream(Array(body.utf8)))
        return request
    }

    static func finish(_ body: String = #"{"status":"success"}"#) -> Request {
        collected("/api/retrievals/\(retrieval.uuid)/finish", body)
    }

    static func download(_ query: String = "link=k.p.s") -> Request {
        var request = post("/download/\(document.uuid)", [])
        request.method = .init("GET")
        request.query = .init(query)
        return request
    }

    static func initialize(_ body: String = #"{"webhookURL":"https://app.example/hooks"}"#) -> Request {
        var request = post(Route.quickStartInitializeToken.path, Array(body.utf8))
        request.taikiSecret = .init("lk_live_secret")
        return request
    }

    static func page(_ query: String = "client_app=\(app.uuid)") -> Request {
        var request = post(Route.linkPage.path, [])
        request.method = .init("GET")
        request.query = .init(query)
        return request
    }

    static func open(_ body: String = #"{"origin":"https://app.example"}"#) -> Request {
        var request = post(Route.linkOpen.path, Array(body.utf8))
        request.authorization = .init("Bearer a.b.c")
        return request
    }

    /// A request of the modal once it is open.
    private static func session(_ method: String, _ path: String, query: String = "", body: String = "") -> Request {
        var request = post(path, Array(body.utf8))
        request.method = .init(method)
        request.query = .init(query)
        request.authorization = .init("Bearer lk_link_key")
        return request
    }

    static func platforms(_ query: String = "") -> Request {
        session("GET", Route.linkPlatforms.path, query: query)
    }

    static func beginAttempt(_ body: String = #"{"platform":"first-sandbox-bank","tax_year":2024}"#) -> Request {
        session("POST", Route.linkBeginAttempt.path, body: body)
    }

    static func readAttempt(_ query: String = "", id: String = "\(attempt.uuid)") -> Request {
        session("GET", "/api/link/attempts/\(id)", query: query)
    }

    /// A right request for the endpoint.
    static func request(for route: Route) -> Request {
        switch route {
        case .taikiToken: issue()
        case .taikiVerifyToken: verify()
        case .taikiPriorYear: priorYear()
        case .taikiBeginRetrieval: begin()
        case .taikiUpload: upload()
        case .taikiFinishRetrieval: finish()
        case .taikiDownload: download()
        case .quickStartInitializeToken: initialize()
        case .linkPage: page()
        case .linkOpen: open()
        case .linkPlatforms: platforms()
        case .linkBeginAttempt: beginAttempt()
        case .linkReadAttempt: readAttempt()
        }
    }

    /// How often the domain was asked for anything.
    var asked: Int {
        tokenRequests.count + verified.count + priorYearRequests.count + retrievals.count + uploads.count
            + finishes.count + downloads.count + initializations.count + pages.count + openings.count
            + catalogues.count + attempts.count + questions.count
    }
}

/// A body in pieces of five bytes.
final class TestStream: BodyStream {
    let announced: Int
    private let bytes: [UInt8]

    init(_ bytes: [UInt8], announced: Int? = nil) {
        self.bytes = bytes
        self.announced = announced ?? bytes.count
    }

    func read<E: Error>(_ take: (Span<UInt8>) throws(E) -> Void) throws(E) -> Bool {
        var start = 0
        while start < bytes.count {
            let end = min(start + 5, bytes.count)
            try take(bytes[start..<end].span)
            start = end
        }
        return bytes.count == announced
    }
}

extension Responder {
    /// The answer to a request that may not wait.
    func answer(to request: Request, isResumed: Bool = false) -> Answer {
        switch respond(to: request, mayWait: false, isResumed: isResumed) {
        case .answer(let answer):
            return answer
        case .wait(let wait):
            Issue.record("it waits, and may not: \(wait)")
            return Answer(route: nil, requestID: "", response: Response(.internalServerError, body: []))
        }
    }
}

extension Responder.Answer {
    var status: Int { response.status.code }
    var body: String { String(decoding: response.body, as: UTF8.self) }

    func header(_ name: HTTPField.Name) -> String? {
        response.headers.first { $0.name == name }?.value
    }
}

extension Request.Field {
    /// A header that was sent several times.
    init(_ first: String, times: Int) {
        self.init(first)
        count = times
    }
}
