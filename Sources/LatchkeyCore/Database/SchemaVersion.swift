/// Which schema the database has, and for which responders it is still right.
///
/// Migrations are expand-only while an older release runs, so a newer schema serves an older responder as long as it
/// says so.
public struct SchemaVersion: Sendable, Equatable {
    /// The schema that this release was made for.
    public static let required: Int64 = 2

    public let version: Int64
    /// The oldest `required` that this schema still serves.
    public let oldestSupported: Int64

    public init(version: Int64, oldestSupported: Int64) {
        self.version = version
        self.oldestSupported = oldestSupported
    }

    /// nil when this release can work with the schema, else a sentence for the operator.
    public var mistake: String? {
        if version < Self.required {
            return "the database has schema version \(version) and this release needs \(Self.required): "
                + "run `sqitch deploy` in migrations/ first"
        }
        if oldestSupported > Self.required {
            return "the database has schema version \(version), which no longer serves this release "
                + "(schema version \(Self.required)): install a newer release of Latchkey"
        }
        return nil
    }
}
