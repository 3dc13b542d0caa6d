public import PostgreSQL

/// Finds, for all who wait at once, which attempts have changed.
public struct LinkWaitStore {
    private let database: DatabaseSession

    public init(_ database: DatabaseSession) {
        self.database = database
    }

    private static let changed = Statement("SELECT latchkey_api.changed_link_attempts($1, $2)")

    /// The attempts among `waits` that are not as they were seen, or that are gone.
    public func changed(among waits: [LinkWait]) throws(DatabaseError) -> Set<LinkAttempt.ID> {
        let result = try database.runRepeatable(Self.changed, [
            // Neither an id nor the name of a status needs quotes in an array's text.
            .text("{\(waits.map { "\($0.attempt.uuid)" }.joined(separator: ","))}"),
            .text("{\(waits.map(\.seen.rawValue).joined(separator: ","))}"),
        ])
        var changed: Set<LinkAttempt.ID> = []
        for row in 0..<result.rowCount {
            guard let id = try result.uuid(row: row, column: 0) else { throw DatabaseError.unexpectedResult }
            changed.insert(LinkAttempt.ID(id))
        }
        return changed
    }
}
