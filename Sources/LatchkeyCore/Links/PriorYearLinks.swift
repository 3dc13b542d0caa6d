internal import JOSE
public import PostgreSQL
internal import WireFormats

/// Shows a user's prior years, page by page. One per worker: it keeps MAC contexts.
public final class PriorYearLinks {
    private let environment: Environment
    private let rowsOf: (PriorYearQuery) throws(DatabaseError) -> PriorYearRows
    private var links: KeyTools<DownloadLinks>

    /// - Parameter rowsOf: the database's part, `latchkey_api.prior_year`.
    public init(
        keys: KeyRing, environment: Environment, baseURLs: BaseURLs,
        rowsOf: @escaping (PriorYearQuery) throws(DatabaseError) -> PriorYearRows
    ) {
        self.environment = environment
        self.rowsOf = rowsOf
        links = KeyTools(keys) { keys throws(JOSEError) in
            try DownloadLinks(keys: keys.downloads, baseURLs: baseURLs)
        }
    }

    public convenience init(
        keys: KeyRing, environment: Environment, baseURLs: BaseURLs, database: DatabaseSession
    ) {
        let store = PriorYearStore(database)
        self.init(keys: keys, environment: environment, baseURLs: baseURLs) { query throws(DatabaseError) in
            try store.rows(query)
        }
    }

    public func page(_ request: PriorYearRequest) throws(Refusal) -> PriorYearPage {
        do {
            return try pageOrThrow(request)
        } catch {
            throw Refusal(error)
        }
    }

    private func pageOrThrow(_ request: PriorYearRequest) throws -> PriorYearPage {
        let after = request.after
        let rows = try rowsOf(PriorYearQuery(
            clientApp: request.clientApp, user: request.user, taxYear: request.taxYear,
            platforms: Self.part(after: after?.platforms, isOver: after != nil && after?.platforms == nil),
            documents: Self.part(after: after?.documents, isOver: after != nil && after?.documents == nil),
            waited: request.waited))
        let platforms = rows.platforms.prefix(PriorYearPage.maximumRows)
        let documents = rows.documents.prefix(PriorYearPage.maximumRows)
        let links = try links.current()
        let expires = environment.now + DownloadLinks.lifetime
        return PriorYearPage(
            platforms: Array(platforms),
            documents: try documents.map { document throws(JOSEError) in
                PriorYearPage.Document(
                    id: document.id, platform: document.platform, taxYear: document.taxYear,
                    fileName: document.fileName, contentType: document.contentType, size: document.size,
                    downloadURL: try links.url(
                        for: document.id, of: request.user, clientApp: request.clientApp, mode: request.mode,
                        expires: expires))
            },
            linksExpire: expires,
            next: PriorYearCursor(
                platforms: platforms.count < rows.platforms.count ? platforms.last.map {
                    .init(taxYear: $0.taxYear, name: $0.name, platform: $0.id)
                } : nil,
                documents: documents.count < rows.documents.count ? documents.last.map {
                    .init(taxYear: $0.taxYear, name: $0.fileName, platform: $0.platform)
                } : nil))
    }

    /// One row more than a page has tells whether there is another page.
    private static func part(after position: PriorYearCursor.Position?, isOver: Bool) -> PriorYearQuery.Part {
        PriorYearQuery.Part(limit: isOver ? 0 : PriorYearPage.maximumRows + 1, after: position)
    }
}
