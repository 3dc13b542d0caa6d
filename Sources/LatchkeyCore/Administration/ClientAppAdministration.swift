public import PostgreSQL
public import WireFormats

extension ClientApp {
    /// A client app as the administrator sees it.
    public struct Record: Sendable {
        public let id: ID
        public let name: String
        public let organisationID: String?
        public let webhookURL: String?
        public let createdAt: UnixTime
        /// nil for an active one.
        public let disabledAt: UnixTime?
    }

    /// A new client app with its first credential.
    public struct Registration: Sendable {
        public let id: ID
        public let name: String
        public let organisationID: String?
        public let webhookURL: String?
        public let apiKey: UUID
        /// Whether the credential works in the sandbox alone.
        public let sandboxOnly: Bool

        public init(
            id: ID, name: String, organisationID: String?, webhookURL: String?, apiKey: UUID, sandboxOnly: Bool
        ) {
            self.id = id
            self.name = name
            self.organisationID = organisationID
            self.webhookURL = webhookURL
            self.apiKey = apiKey
            self.sandboxOnly = sandboxOnly
        }
    }
}

extension Administration {
    private static let createClientApp = Statement("""
        SELECT latchkey_admin.create_client_app($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """)

    /// - Throws: a violated constraint for a name, organisation id or URL that the schema does not allow.
    public func register(_ app: ClientApp.Registration, secret: StoredSecret) throws(DatabaseError) {
        _ = try run(Self.createClientApp, [
            .text(actor), .uuid(app.id.uuid), .text(app.name), .text(orNull: app.organisationID),
            .text(orNull: app.webhookURL), .uuid(app.apiKey), .boolean(app.sandboxOnly), .uuid(secret.id),
            .bytes(secret.hash), .text(secret.hint),
        ])
    }

    private static let setClientAppActive = Statement("""
        SELECT latchkey_admin.set_client_app_active($1, $2, $3)
        """)

    /// - Returns: false when there is no such app. One that is so already is left as it is.
    public func setActive(_ active: Bool, clientApp: ClientApp.ID) throws(DatabaseError) -> Bool {
        try runBoolean(Self.setClientAppActive, [.text(actor), .uuid(clientApp.uuid), .boolean(active)])
    }

    private static let clientApps = Statement("""
        SELECT id, name, organisation_id, webhook_url, created_at, disabled_at
        FROM latchkey.client_apps
        WHERE $1::uuid IS NULL OR id = $1
        ORDER BY created_at, id
        """)

    /// All client apps, the oldest first.
    public func clientApps() throws(DatabaseError) -> [ClientApp.Record] {
        try clientApps(matching: nil)
    }

    public func clientApp(_ id: ClientApp.ID) throws(DatabaseError) -> ClientApp.Record? {
        try clientApps(matching: id).first
    }

    private func clientApps(matching id: ClientApp.ID?) throws(DatabaseError) -> [ClientApp.Record] {
        let result = try run(Self.clientApps, [.uuid(orNull: id?.uuid)])
        var apps: [ClientApp.Record] = []
        for row in 0..<result.rowCount {
            guard let id = try result.uuid(row: row, column: 0), let name = try result.text(row: row, column: 1),
                let createdAt = try result.unixTime(row: row, column: 4)
            else { throw DatabaseError.unexpectedResult }
            apps.append(ClientApp.Record(
                id: ClientApp.ID(id), name: name, organisationID: try result.text(row: row, column: 2),
                webhookURL: try result.text(row: row, column: 3), createdAt: createdAt,
                disabledAt: try result.unixTime(row: row, column: 5)))
        }
        return apps
    }
}
