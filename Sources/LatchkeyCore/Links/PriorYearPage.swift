public import WireFormats

/// A request for what a user left in prior years.
public struct PriorYearRequest: Sendable {
    /// Whose: that of the token.
    public var clientApp: ClientApp.ID
    public var user: User.ID
    public var mode: Mode
    /// The only one wanted, the current one perhaps; nil for all before the current one.
    public var taxYear: Int?
    /// What the page before ended with.
    public var after: PriorYearCursor?
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(
        clientApp: ClientApp.ID, user: User.ID, mode: Mode, taxYear: Int?, after: PriorYearCursor?,
        waited: Duration = .zero
    ) {
        self.clientApp = clientApp
        self.user = user
        self.mode = mode
        self.taxYear = taxYear
        self.after = after
        self.waited = waited
    }
}

/// Platforms that a user used, and documents that were retrieved for him.
public struct PriorYearPage: Sendable {
    public struct Platform: Sendable, Equatable {
        public let id: String
        public let name: String
        public let taxYear: Int
        public let lastUsedAt: UnixTime
        public let documentCount: Int

        public init(id: String, name: String, taxYear: Int, lastUsedAt: UnixTime, documentCount: Int) {
            self.id = id
            self.name = name
            self.taxYear = taxYear
            self.lastUsedAt = lastUsedAt
            self.documentCount = documentCount
        }
    }

    public struct Document: Sendable, Equatable {
        public let id: LatchkeyCore.Document.ID
        public let platform: String
        public let taxYear: Int
        public let fileName: String
        public let contentType: String
        public let size: Int
        public let downloadURL: String

        public init(
            id: LatchkeyCore.Document.ID, platform: String, taxYear: Int, fileName: String, contentType: String,
            size: Int, downloadURL: String
        ) {
            self.id = id
            self.platform = platform
            self.taxYear = taxYear
            self.fileName = fileName
            self.contentType = contentType
            self.size = size
            self.downloadURL = downloadURL
        }
    }

    /// How many platforms and how many documents stand on a page at most.
    public static let maximumRows = 200

    public let platforms: [Platform]
    public let documents: [Document]
    /// When the download URLs end.
    public let linksExpire: UnixTime
    /// Nil on the last page.
    public let next: PriorYearCursor?

    public init(platforms: [Platform], documents: [Document], linksExpire: UnixTime, next: PriorYearCursor?) {
        self.platforms = platforms
        self.documents = documents
        self.linksExpire = linksExpire
        self.next = next
    }
}
