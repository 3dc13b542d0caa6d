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

    private static let eraseUser = Statement("""
        SELECT latchkey_admin.erase_user($1, $2, $3)
        """)

    /// Empties a user's row and makes its tokens fail. What stays is a tombstone, so that the id never comes back.
    ///
    /// - Returns: false when there is no such user, or it was erased before.
    public func erase(_ user: User.ID, of clientApp: ClientApp.ID) throws(DatabaseError) -> Bool {
        try runBoolean(Self.eraseUser, [.text(actor), .uuid(clientApp.uuid), .uuid(user.uuid)])
    }
}
