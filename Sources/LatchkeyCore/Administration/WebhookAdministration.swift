internal import JOSE
public import PostgreSQL
public import WireFormats

/// A webhook secret as the administrator sees it: what it is made of, which is not the secret.
public struct WebhookSecretRecord: Sendable {
    public let reference: WebhookSecret.Reference
    public let createdAt: UnixTime
    /// From when nothing is signed with it; nil for no end.
    public let expiresAt: UnixTime?
}

/// What an operator should know of the webhooks.
public struct WebhookBacklog: Sendable {
    /// Deliveries that have been pending for more than an hour.
    public let waiting: Int
    /// Deliveries that were given up.
    public let dead: Int
    /// Active client apps with a URL, or with deliveries to URLs of their tokens, and no secret that is in use: nothing
    /// is sent to them.
    public let appsWithoutSecret: Int
}

extension Administration {
    private static let setWebhookURL = Statement("""
        SELECT latchkey_admin.set_webhook_url($1, $2, $3)
        """)

    /// - Parameter url: nil for no webhooks from now on.
    /// - Returns: false when there is no such app.
    /// - Throws: a violated constraint for a URL that the schema does not allow.
    public func setWebhookURL(_ url: String?, of clientApp: ClientApp.ID) throws(DatabaseError) -> Bool {
        try runBoolean(Self.setWebhookURL, [.text(actor), .uuid(clientApp.uuid), .text(orNull: url)])
    }

    private static let addWebhookSecret = Statement("""
        SELECT latchkey_admin.add_webhook_secret($1, $2, $3, $4, $5)
        """)

    /// Lets deliveries be signed with one more secret.
    ///
    /// - Parameter overlap: for how long the older secrets sign as well, in whole seconds.
    /// - Returns: false when there is no such app.
    public func addWebhookSecret(
        _ secret: WebhookSecret.Reference, of clientApp: ClientApp.ID, overlap: Duration
    ) throws(DatabaseError) -> Bool {
        try runBoolean(Self.addWebhookSecret, [
            .text(actor), .uuid(clientApp.uuid), .uuid(secret.id), .text(secret.key.description),
            .text("\(overlap.components.seconds) seconds"),
        ])
    }

    private static let webhookSecrets = Statement("""
        SELECT id, kid, created_at, expires_at
        FROM latchkey.webhook_secrets
        WHERE client_app_id = $1
        ORDER BY created_at DESC, id DESC
        """)

    /// A client app's webhook secrets, the newest first.
    public func webhookSecrets(of clientApp: ClientApp.ID) throws(DatabaseError) -> [WebhookSecretRecord] {
        let result = try run(Self.webhookSecrets, [.uuid(clientApp.uuid)])
        var secrets: [WebhookSecretRecord] = []
        for row in 0..<result.rowCount {
            guard let id = try result.uuid(row: row, column: 0),
                let key = try result.text(row: row, column: 1).flatMap({ KeyID($0) }),
                let createdAt = try result.unixTime(row: row, column: 2)
            else { throw DatabaseError.unexpectedResult }
            secrets.append(WebhookSecretRecord(
                reference: WebhookSecret.Reference(id: id, key: key), createdAt: createdAt,
                expiresAt: try result.unixTime(row: row, column: 3)))
        }
        return secrets
    }

    private static let backlog = Statement("""
        SELECT
            (SELECT count(*)
             FROM latchkey.webhook_deliveries
             WHERE state = 'pending' AND queued_at < now() - interval '1 hour'),
            (SELECT count(*) FROM latchkey.webhook_deliveries WHERE state = 'dead'),
            (SELECT count(*)
             FROM latchkey.client_apps AS a
             WHERE a.active
               AND (a.webhook_url IS NOT NULL
                    OR EXISTS (
                        SELECT FROM latchkey.webhook_deliveries AS d
                        WHERE d.client_app_id = a.id AND d.state = 'pending'))
               AND NOT EXISTS (
                   SELECT FROM latchkey.webhook_secrets AS s
                   WHERE s.client_app_id = a.id AND (s.expires_at IS NULL OR s.expires_at > now())))
        """)

    public func webhookBacklog() throws(DatabaseError) -> WebhookBacklog {
        let result = try run(Self.backlog)
        guard let waiting = try result.integer(row: 0, column: 0), let dead = try result.integer(row: 0, column: 1),
            let apps = try result.integer(row: 0, column: 2)
        else { throw DatabaseError.unexpectedResult }
        return WebhookBacklog(waiting: Int(waiting), dead: Int(dead), appsWithoutSecret: Int(apps))
    }
}
