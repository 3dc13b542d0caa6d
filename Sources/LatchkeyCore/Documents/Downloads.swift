internal import ContentStore
internal import JOSE
public import PostgreSQL
internal import WireFormats

/// A request for a document, as its URL makes it.
public struct DownloadRequest: Sendable {
    public var mode: Mode
    public var document: Document.ID
    /// The value of `link`.
    public var link: [UInt8]
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(mode: Mode, document: Document.ID, link: [UInt8], waited: Duration = .zero) {
        self.mode = mode
        self.document = document
        self.link = link
        self.waited = waited
    }
}

/// What the database knows of a document.
public struct DocumentContent: Sendable {
    public let sha256: [UInt8]
    public let fileName: String
    public let contentType: String

    public init(sha256: [UInt8], fileName: String, contentType: String) {
        self.sha256 = sha256
        self.fileName = fileName
        self.contentType = contentType
    }
}

/// A document that may be sent.
public struct OpenedDocument: Sendable {
    /// Below the folder of the store.
    public let path: String
    public let fileName: String
    public let contentType: String
    public let clientApp: ClientApp.ID

    public init(path: String, fileName: String, contentType: String, clientApp: ClientApp.ID) {
        self.path = path
        self.fileName = fileName
        self.contentType = contentType
        self.clientApp = clientApp
    }
}

/// Opens documents to those who have a link. One per worker: it keeps MAC contexts.
public final class Downloads {
    private let environment: Environment
    private let contentOf: (DownloadLinks.Link, Duration) throws(DatabaseError) -> DocumentContent?
    private var links: KeyTools<DownloadLinks>

    /// - Parameter contentOf: the database's part, `latchkey_api.document_content`; the time is how much of the
    ///   database's has passed already.
    public init(
        keys: KeyRing, environment: Environment, baseURLs: BaseURLs,
        contentOf: @escaping (DownloadLinks.Link, Duration) throws(DatabaseError) -> DocumentContent?
    ) {
        self.environment = environment
        self.contentOf = contentOf
        links = KeyTools(keys) { keys throws(JOSEError) in
            try DownloadLinks(keys: keys.downloads, baseURLs: baseURLs)
        }
    }

    public convenience init(
        keys: KeyRing, environment: Environment, baseURLs: BaseURLs, database: DatabaseSession
    ) {
        let store = DocumentStore(database)
        self.init(keys: keys, environment: environment, baseURLs: baseURLs) { link, waited throws(DatabaseError) in
            try store.content(link, waited: waited)
        }
    }

    public func open(_ request: DownloadRequest) throws(Refusal) -> OpenedDocument {
        do {
            return try openOrThrow(request)
        } catch {
            throw Refusal(error)
        }
    }

    private func openOrThrow(_ request: DownloadRequest) throws -> OpenedDocument {
        guard let link = try links.current().check(request.link[...], for: request.document, mode: request.mode) else {
            throw Refusal(.invalidLink, reason: "wrong_link")
        }
        guard environment.now < link.expires else {
            throw Refusal(.linkExpired, reason: "link_expired", clientApp: link.clientApp)
        }
        guard let content = try contentOf(link, request.waited) else {
            throw Refusal(.invalidLink, reason: "document_gone", clientApp: link.clientApp)
        }
        guard let name = ContentName(content.sha256) else { throw DatabaseError.unexpectedResult }
        return OpenedDocument(
            path: name.path, fileName: content.fileName, contentType: content.contentType, clientApp: link.clientApp)
    }
}
