internal import PostgreSQL

/// The snapshot's queries, on a connection that also listens for changes.
struct SnapshotStore {
    private let connection: Connection

    /// A notification is sent with each change, but not stored: what was sent before the LISTEN is found by loading
    /// after it.
    init(_ conninfo: Conninfo) {
        connection = Connection(conninfo, whenOpened: [Statement("LISTEN latchkey_verifier")])
    }

    private static let version = Statement("SELECT latchkey_api.verifier_version()")

    private static let snapshot = Statement("""
        SELECT kind, client_app_id, user_id, token_id, version
        FROM latchkey_api.verifier_snapshot()
        """)

    private static let schemaVersion = Statement("""
        SELECT version, oldest_supported
        FROM latchkey_api.schema_version()
        """)

    func version(deadline: ContinuousClock.Instant) throws(DatabaseError) -> Int64 {
        let result = try connection.run(Self.version, deadline: deadline)
        guard let version = try result.integer(row: 0, column: 0) else { throw DatabaseError.unexpectedResult }
        return version
    }

    func schemaVersion(deadline: ContinuousClock.Instant) throws(DatabaseError) -> SchemaVersion {
        let result = try connection.run(Self.schemaVersion, deadline: deadline)
        guard let version = try result.integer(row: 0, column: 0), let oldest = try result.integer(row: 0, column: 1)
        else { throw DatabaseError.unexpectedResult }
        return SchemaVersion(version: version, oldestSupported: oldest)
    }

    func snapshot(deadline: ContinuousClock.Instant) throws(DatabaseError) -> VerifierSnapshot {
        let result = try connection.run(Self.snapshot, deadline: deadline)
        var snapshot = VerifierSnapshot(version: -1)
        for row in 0..<result.rowCount {
            let clientApp = try result.uuid(row: row, column: 1).map(ClientApp.ID.init)
            switch try result.text(row: row, column: 0) {
            case "version":
                snapshot.version = try result.integer(row: row, column: 4) ?? -1
            case "active_app":
                guard let clientApp else { throw DatabaseError.unexpectedResult }
                snapshot.activeApps.insert(clientApp)
            case "erased_user":
                guard let clientApp, let user = try result.uuid(row: row, column: 2) else {
                    throw DatabaseError.unexpectedResult
                }
                snapshot.erasedUsers.insert(.init(clientApp: clientApp, user: User.ID(user)))
            case "revoked_token":
                guard let text = try result.text(row: row, column: 3), let id = AccessToken.ID(Array(text.utf8)[...])
                else { throw DatabaseError.unexpectedResult }
                snapshot.revokedTokens.insert(id)
            default:
                // A newer schema may know more kinds: older responders live beside it while it is rolled out.
                continue
            }
        }
        guard snapshot.version >= 0 else { throw DatabaseError.unexpectedResult }
        return snapshot
    }

    /// Waits for a notification until `deadline`.
    func waitForChange(until deadline: ContinuousClock.Instant) throws(DatabaseError) {
        _ = try connection.waitForNotification(until: deadline)
    }

    /// Which session this is: another number means that notifications may have been missed.
    var session: Int { connection.generation }

    var isOpen: Bool { connection.isOpen }

    func close() { connection.close() }
}
