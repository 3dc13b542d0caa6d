public import PostgreSQL
public import WireFormats

/// A collector as the administrator sees it.
public struct CollectorRecord: Sendable {
    public let id: UUID
    public let name: String
    /// The beginning of its key.
    public let hint: String
    public let createdAt: UnixTime
    /// nil for an active one.
    public let disabledAt: UnixTime?
}

extension Administration {
    private static let createCollector = Statement("""
        SELECT latchkey_admin.create_collector($1, $2, $3, $4, $5)
        """)

    /// - Parameter key: whose id becomes the collector's.
    /// - Throws: a violated constraint for a name that the schema does not allow.
    public func registerCollector(name: String, key: StoredSecret) throws(DatabaseError) {
        _ = try run(Self.createCollector, [
            .text(actor), .uuid(key.id), .text(name), .bytes(key.hash), .text(key.hint),
        ])
    }

    private static let setCollectorActive = Statement("""
        SELECT latchkey_admin.set_collector_active($1, $2, $3)
        """)

    /// - Returns: false when there is no such collector. One that is so already is left as it is.
    public func setActive(_ active: Bool, collector: UUID) throws(DatabaseError) -> Bool {
        try runBoolean(Self.setCollectorActive, [.text(actor), .uuid(collector), .boolean(active)])
    }

    private static let collectors = Statement("""
        SELECT id, name, hint, created_at, disabled_at
        FROM latchkey.collectors
        ORDER BY created_at, id
        """)

    /// All collectors, the oldest first.
    public func collectors() throws(DatabaseError) -> [CollectorRecord] {
        let result = try run(Self.collectors)
        var collectors: [CollectorRecord] = []
        for row in 0..<result.rowCount {
            guard let id = try result.uuid(row: row, column: 0), let name = try result.text(row: row, column: 1),
                let hint = try result.text(row: row, column: 2),
                let createdAt = try result.unixTime(row: row, column: 3)
            else { throw DatabaseError.unexpectedResult }
            collectors.append(CollectorRecord(
                id: id, name: name, hint: hint, createdAt: createdAt,
                disabledAt: try result.unixTime(row: row, column: 4)))
        }
        return collectors
    }
}
