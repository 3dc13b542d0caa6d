public import WireFormats

/// One visit of a collector to a platform for a user: begun, filled with files, finished.
public enum Retrieval {
    public struct ID: Hashable, Sendable {
        public let uuid: UUID

        public init(_ uuid: UUID) {
            self.uuid = uuid
        }
    }

    /// How a retrieval may end. The names are those of the database.
    public enum Status: String, Sendable, CaseIterable {
        case success, failure
    }

    /// When it is abandoned, if it was not finished.
    public static let lifetime: Duration = .seconds(24 * 3600)

    /// The first tax year that there can be.
    public static let firstTaxYear = 1900

    /// The largest file: 50 MiB.
    public static let maximumFileBytes = 50 << 20

    /// How much one retrieval may hold.
    public struct Quota: Sendable {
        public let files: Int
        public let bytes: Int

        public init(files: Int = 100, bytes: Int = 500 << 20) {
            self.files = files
            self.bytes = bytes
        }
    }
}
