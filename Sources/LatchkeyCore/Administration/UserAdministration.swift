public import ContentStore
public import PostgreSQL
public import WireFormats

extension User {
    /// A user as the administrator sees it.
    public struct Record: Sendable {
        public let id: ID
        public let clientApp: ClientApp.ID
        public let mode: String
        public let createdAt: UnixTime
        /// The day of its latest token, such as `2025-03-12`; nil for an erased user.
        public let lastSeenOn: String?
        /// The id of the request that made it, as in the logs.
        public let requestID: String?
        /// nil for a living user.
        public let erasedAt: UnixTime?
    }

    /// What was removed with a user, in rows.
    public struct Erasure: Sendable {
        /// false for one that was erased before.
        public let isNew: Bool
        public let platformLinks: Int64
        public let documents: Int64
        public let retrievals: Int64
        public let deliveries: Int64
        /// The contents that nobody else needs: still in the store.
        public let unneeded: [ContentName]
    }
}

extension Administration {
    private static let user = Statement("""
        SELECT mode::text, created_at, to_char(last_seen_on, 'YYYY-MM-DD'), request_id, erased_at
        FROM latchkey.users
        WHERE client_app_id = $1 AND id = $2
        """)

    public func user(_ id: User.ID, of clientApp: ClientApp.ID) throws(DatabaseError) -> User.Record? {
        let result = try run(Self.user, [.uuid(clientApp.uuid), .uuid(id.uuid)])
        guard result.rowCount == 1 else { return nil }
        guard let mode = try result.text(row: 0, column: 0), let createdAt = try result.unixTime(row: 0, column: 1)
        else { throw DatabaseError.unexpectedResult }
        return User.Record(
            id: id, clientApp: clientApp, mode: mode, createdAt: createdAt,
            lastSeenOn: try result.text(row: 0, column: 2), requestID: try result.text(row: 0, column: 3),
            erasedAt: try result.unixTime(row: 0, column: 4))
    }

    // A row for each content; one without a content where there is none.
    private static let eraseUserData = Statement("""
        SELECT e.erased_now, e.platform_links, e.documents, e.retrievals, e.deliveries, c.sha256
        FROM latchkey_admin.erase_user_data($1, $2, $3) AS e
        LEFT JOIN LATERAL unnest(e.unreferenced) AS c (sha256) ON true
        """)

    /// Empties a user's row, makes its tokens fail and removes what was recorded of it. What stays is a tombstone, so
    /// that the id never comes back.
    ///
    /// - Returns: nil when there is no such user.
    public func erase(_ user: User.ID, of clientApp: ClientApp.ID) throws(DatabaseError) -> User.Erasure? {
        let result = try run(Self.eraseUserData, [.text(actor), .uuid(clientApp.uuid), .uuid(user.uuid)])
        guard result.rowCount > 0 else { return nil }
        guard let isNew = try result.boolean(row: 0, column: 0), let links = try result.integer(row: 0, column: 1),
            let documents = try result.integer(row: 0, column: 2),
            let retrievals = try result.integer(row: 0, column: 3),
            let deliveries = try result.integer(row: 0, column: 4)
        else { throw DatabaseError.unexpectedResult }
        return User.Erasure(
            isNew: isNew, platformLinks: links, documents: documents, retrievals: retrievals, deliveries: deliveries,
            unneeded: try contentNames(in: result, column: 5))
    }
}
