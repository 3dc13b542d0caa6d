public import PostgreSQL
public import WireFormats

extension Administration {
    private static let revokeToken = Statement("""
        SELECT latchkey_admin.revoke_token($1, $2, $3, $4, $5)
        """)

    /// Makes a token fail from now on.
    ///
    /// - Returns: false when it has expired or been revoked before.
    /// - Throws: a violated foreign key when there is no such client app.
    public func revoke(
        _ token: AccessToken.ID, clientApp: ClientApp.ID, expiresAt: UnixTime, reason: String?
    ) throws(DatabaseError) -> Bool {
        try runBoolean(Self.revokeToken, [
            .text(actor), .text(token.text), .uuid(clientApp.uuid), .timestamp(expiresAt), .text(orNull: reason),
        ])
    }

    private static let revokedAt = Statement("""
        SELECT revoked_at
        FROM latchkey.revoked_tokens
        WHERE token_id = $1
        """)

    /// When a token was revoked; nil when it was not.
    public func revocation(of token: AccessToken.ID) throws(DatabaseError) -> UnixTime? {
        let result = try run(Self.revokedAt, [.text(token.text)])
        return result.rowCount == 0 ? nil : try result.unixTime(row: 0, column: 0)
    }
}
