/// What the database is asked for one page.
public struct PriorYearQuery: Sendable {
    /// Some of the platforms or documents: how many at most, and behind which.
    public struct Part: Sendable, Equatable {
        public let limit: Int
        /// Nil for the first ones.
        public let after: PriorYearCursor.Position?
    }

    public let clientApp: ClientApp.ID
    public let user: User.ID
    public let taxYear: Int?
    public let platforms: Part
    public let documents: Part
    public let waited: Duration
}

/// The rows of an answer, in its order.
public struct PriorYearRows: Sendable {
    public struct Document: Sendable {
        public let id: LatchkeyCore.Document.ID
        public let platform: String
        public let taxYear: Int
        public let fileName: String
        public let contentType: String
        public let size: Int

        public init(
            id: LatchkeyCore.Document.ID, platform: String, taxYear: Int, fileName: String, contentType: String,
            size: Int
        ) {
            self.id = id
            self.platform = platform
            self.taxYear = taxYear
            self.fileName = fileName
            self.contentType = contentType
            self.size = size
        }
    }

    public var platforms: [PriorYearPage.Platform] = []
    public var documents: [Document] = []

    public init() {}
}
