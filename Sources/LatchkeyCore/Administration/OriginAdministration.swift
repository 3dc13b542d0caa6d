public import PostgreSQL

/// What became of a new origin of a client app.
public enum OriginOutcome: String, Sendable {
    case ok
    /// It is there as it was.
    case already
    case unknownApp = "unknown_app"
    case tooMany = "too_many"
}

extension Administration {
    private static let addOrigin = Statement("""
        SELECT latchkey_admin.add_origin($1, $2, $3)
        """)

    /// Lets pages of this origin embed the modal for the app's users.
    public func addOrigin(_ origin: WebOrigin, to clientApp: ClientApp.ID) throws(DatabaseError) -> OriginOutcome {
        let result = try run(Self.addOrigin, [.text(actor), .uuid(clientApp.uuid), .text(origin.text)])
        guard let outcome = try result.text(row: 0, column: 0).flatMap({ OriginOutcome(rawValue: $0) }) else {
            throw DatabaseError.unexpectedResult
        }
        return outcome
    }

    private static let removeOrigin = Statement("""
        SELECT latchkey_admin.remove_origin($1, $2, $3)
        """)

    /// - Returns: false when the app has no such origin, or is not there.
    public func removeOrigin(_ origin: WebOrigin, from clientApp: ClientApp.ID) throws(DatabaseError) -> Bool {
        try runBoolean(Self.removeOrigin, [.text(actor), .uuid(clientApp.uuid), .text(origin.text)])
    }

    private static let origins = Statement("""
        SELECT origin
        FROM latchkey.client_app_origins
        WHERE client_app_id = $1
        ORDER BY origin COLLATE "C"
        """)

    /// The origins of a client app, sorted.
    public func origins(of clientApp: ClientApp.ID) throws(DatabaseError) -> [String] {
        let result = try run(Self.origins, [.uuid(clientApp.uuid)])
        var origins: [String] = []
        for row in 0..<result.rowCount {
            guard let origin = try result.text(row: row, column: 0) else { throw DatabaseError.unexpectedResult }
            origins.append(origin)
        }
        return origins
    }
}
