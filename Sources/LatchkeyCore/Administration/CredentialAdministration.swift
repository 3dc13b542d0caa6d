public import JOSE
public import PostgreSQL
public import WireFormats

/// A new secret in the form that the database keeps.
public struct StoredSecret: Sendable {
    public let id: UUID
    public let hash: [UInt8]
    public let hint: String

    public init(_ secret: some SecretText, hasher: SecretHasher, environment: Environment) throws(JOSEError) {
        id = try environment.newUUID()
        hash = try hasher.hashes(of: secret.text)[0]
        hint = secret.hint
    }
}

/// An API key with its secrets, as the administrator sees it.
public struct Credential: Sendable {
    public struct Secret: Sendable {
        public let hint: String
        public let createdAt: UnixTime
        /// From when it no longer works; nil for no end.
        public let expiresAt: UnixTime?
    }

    public let apiKey: UUID
    public let clientApp: ClientApp.ID
    /// Whether it works in the sandbox alone.
    public let sandboxOnly: Bool
    public let createdAt: UnixTime
    /// The newest first.
    public internal(set) var secrets: [Secret] = []
}

extension Administration {
    private static let credentials = Statement("""
        SELECT c.api_key, c.client_app_id, c.sandbox_only, c.created_at, s.hint, s.created_at, s.expires_at
        FROM latchkey.credentials AS c
        LEFT JOIN latchkey.secrets AS s ON s.api_key = c.api_key
        WHERE c.client_app_id = $1 OR c.api_key = $2
        ORDER BY c.created_at, c.api_key, s.created_at DESC, s.id DESC
        """)

    /// The credentials of a client app, the oldest first.
    public func credentials(of clientApp: ClientApp.ID) throws(DatabaseError) -> [Credential] {
        try credentials(clientApp: clientApp.uuid, apiKey: nil)
    }

    public func credential(apiKey: UUID) throws(DatabaseError) -> Credential? {
        try credentials(clientApp: nil, apiKey: apiKey).first
    }

    private func credentials(clientApp: UUID?, apiKey: UUID?) throws(DatabaseError) -> [Credential] {
        let result = try run(Self.credentials, [.uuid(orNull: clientApp), .uuid(orNull: apiKey)])
        var credentials: [Credential] = []
        for row in 0..<result.rowCount {
            guard let apiKey = try result.uuid(row: row, column: 0), let app = try result.uuid(row: row, column: 1),
                let sandboxOnly = try result.boolean(row: row, column: 2),
                let createdAt = try result.unixTime(row: row, column: 3)
            else { throw DatabaseError.unexpectedResult }
            if credentials.last?.apiKey != apiKey {
                credentials.append(Credential(
                    apiKey: apiKey, clientApp: ClientApp.ID(app), sandboxOnly: sandboxOnly, createdAt: createdAt))
            }
            guard let hint = try result.text(row: row, column: 4),
                let createdAt = try result.unixTime(row: row, column: 5)
            else { continue }
            credentials[credentials.count - 1].secrets.append(Credential.Secret(
                hint: hint, createdAt: createdAt, expiresAt: try result.unixTime(row: row, column: 6)))
        }
        return credentials
    }

    private static let regenerateSecret = Statement("""
        SELECT latchkey_admin.regenerate_secret($1, $2, $3, $4, $5, $6)
        """)

    /// Gives a credential a new secret.
    ///
    /// - Parameter overlap: for how long the older secrets go on working, in whole seconds.
    /// - Returns: false when there is no such API key.
    public func regenerateSecret(
        apiKey: UUID, secret: StoredSecret, overlap: Duration
    ) throws(DatabaseError) -> Bool {
        try runBoolean(Self.regenerateSecret, [
            .text(actor), .uuid(apiKey), .uuid(secret.id), .bytes(secret.hash), .text(secret.hint),
            .text("\(overlap.components.seconds) seconds"),
        ])
    }
}
