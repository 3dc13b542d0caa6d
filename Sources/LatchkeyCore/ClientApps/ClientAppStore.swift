internal import PostgreSQL

/// Client apps, their credentials and their users in PostgreSQL, as far as the endpoints need them.
struct ClientAppStore {
    private let database: DatabaseSession

    init(_ database: DatabaseSession) {
        self.database = database
    }

    private static let tokenContext = Statement("""
        SELECT outcome, client_app_id, user_id
        FROM latchkey_api.token_context($1, $2, $3, $4, $5, $6, $7)
        """)

    /// The one round trip of a token.
    func tokenContext(_ request: TokenContextRequest) throws(DatabaseError) -> TokenContext {
        let result = try database.runRepeatable(Self.tokenContext, [
            .text(request.mode.rawValue),
            .uuid(request.apiKey),
            .byteArrays(request.secretHashes),
            .uuid(orNull: request.userID),
            .uuid(request.newUserID),
            .text(orNull: request.idempotencyKey),
            .text(request.requestID),
        ], waited: request.waited)
        guard result.rowCount == 1,
            let outcome = try result.text(row: 0, column: 0).flatMap(TokenContext.Outcome.init)
        else { throw DatabaseError.unexpectedResult }
        return TokenContext(
            outcome: outcome,
            clientApp: try result.uuid(row: 0, column: 1).map(ClientApp.ID.init),
            user: try result.uuid(row: 0, column: 2).map(User.ID.init))
    }
}
