internal import PostgreSQL
internal import WireFormats

/// The modal's tokens, sessions and attempts in PostgreSQL.
struct LinkStore: LinkRecords {
    private let database: DatabaseSession

    init(_ database: DatabaseSession) {
        self.database = database
    }

    private static let initialize = Statement("""
        SELECT outcome, client_app_id, user_id, number
        FROM latchkey_api.initialize_token($1, $2, $3, $4, $5, $6, $7)
        """)

    func initialize(_ token: LinkTokenQuery) throws(DatabaseError) -> LinkTokenRow {
        let result = try database.runRepeatable(Self.initialize, [
            .text(token.mode.rawValue),
            .byteArrays(token.secretHashes),
            .uuid(orNull: token.userID),
            .uuid(token.newUserID),
            .uuid(token.token.uuid),
            .text(orNull: token.webhookURL),
            .text(token.requestID),
        ], waited: token.waited)
        guard result.rowCount == 1,
            let outcome = try result.text(row: 0, column: 0).flatMap(LinkTokenRow.Outcome.init)
        else { throw DatabaseError.unexpectedResult }
        return LinkTokenRow(
            outcome: outcome,
            clientApp: try result.uuid(row: 0, column: 1).map(ClientApp.ID.init),
            user: try result.uuid(row: 0, column: 2).map(User.ID.init),
            number: try result.integer(row: 0, column: 3).map { Int($0) })
    }

    private static let linkPage = Statement("SELECT latchkey_api.link_page($1)")

    func origins(of clientApp: ClientApp.ID, waited: Duration) throws(DatabaseError) -> [String] {
        let result = try database.runRepeatable(Self.linkPage, [.uuid(clientApp.uuid)], waited: waited)
        var origins: [String] = []
        for row in 0..<result.rowCount {
            guard let origin = try result.text(row: row, column: 0) else { throw DatabaseError.unexpectedResult }
            origins.append(origin)
        }
        return origins
    }

    private static let open = Statement("""
        SELECT outcome, session_expires_at
        FROM latchkey_api.open_link($1, $2, $3, $4, $5, $6, $7, $8)
        """)

    func open(_ opening: LinkOpening) throws(DatabaseError) -> (outcome: LinkOutcome, sessionExpires: UnixTime?) {
        let token = opening.token
        let result = try database.runRepeatable(Self.open, [
            .uuid(token.id.uuid),
            .uuid(token.clientApp.uuid),
            .uuid(token.user.uuid),
            .text(token.mode.rawValue),
            .timestamp(token.expiresAt),
            .text(opening.origin),
            .text(opening.metadata),
            .bytes(opening.sessionHash),
        ], waited: opening.waited)
        guard result.rowCount == 1 else { throw DatabaseError.unexpectedResult }
        return (try Self.outcome(result), try result.unixTime(row: 0, column: 1))
    }

    private static let platforms = Statement("""
        SELECT outcome, client_app_id, platform, name, has_connector
        FROM latchkey_api.link_platforms($1, $2, $3, $4, $5, $6)
        """)

    func platforms(
        _ query: LinkPlatformQuery, of session: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, platforms: [LinkPlatform]) {
        let result = try database.runRepeatable(Self.platforms, [
            .byteArrays(session.keyHashes),
            .text(session.mode.rawValue),
            .text(orNull: query.search),
            .text(orNull: query.after?.name),
            .text(orNull: query.after?.id),
            .integer(Int64(query.limit)),
        ], waited: session.waited)
        let outcome = try Self.outcome(result)
        var platforms: [LinkPlatform] = []
        for row in 0..<result.rowCount {
            // A session without platforms has a row, too.
            guard let id = try result.text(row: row, column: 2) else { continue }
            guard let name = try result.text(row: row, column: 3),
                let hasConnector = try result.boolean(row: row, column: 4)
            else { throw DatabaseError.unexpectedResult }
            platforms.append(LinkPlatform(id: id, name: name, hasConnector: hasConnector))
        }
        return (outcome, try result.uuid(row: 0, column: 1).map(ClientApp.ID.init), platforms)
    }

    private static let begin = Statement("""
        SELECT outcome, client_app_id, name, connector_url, expires_at
        FROM latchkey_api.begin_link_attempt($1, $2, $3, $4, $5)
        """)

    func begin(
        _ attempt: LinkAttemptBeginning, of session: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, begun: LinkAttemptRow?) {
        let result = try database.runRepeatable(Self.begin, [
            .byteArrays(session.keyHashes),
            .text(session.mode.rawValue),
            .uuid(attempt.id.uuid),
            .text(attempt.platform),
            .integer(Int64(attempt.taxYear)),
        ], waited: session.waited)
        let outcome = try Self.outcome(result)
        let clientApp = try result.uuid(row: 0, column: 1).map(ClientApp.ID.init)
        guard let name = try result.text(row: 0, column: 2), let expiresAt = try result.unixTime(row: 0, column: 4)
        else { return (outcome, clientApp, nil) }
        return (outcome, clientApp, LinkAttemptRow(
            platformName: name, connectorURL: try result.text(row: 0, column: 3), expiresAt: expiresAt))
    }

    private static let read = Statement("""
        SELECT outcome, client_app_id, status, platform, name, tax_year, finished_at, file_name, content_type, size
        FROM latchkey_api.read_link_attempt($1, $2, $3)
        """)

    func read(
        _ attempt: LinkAttempt.ID, of session: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, report: LinkAttemptReport?) {
        let result = try database.runRepeatable(Self.read, [
            .byteArrays(session.keyHashes),
            .text(session.mode.rawValue),
            .uuid(attempt.uuid),
        ], waited: session.waited)
        let outcome = try Self.outcome(result)
        let clientApp = try result.uuid(row: 0, column: 1).map(ClientApp.ID.init)
        guard let status = try result.text(row: 0, column: 2).flatMap(LinkAttempt.Status.init),
            let platform = try result.text(row: 0, column: 3), let name = try result.text(row: 0, column: 4),
            let taxYear = try result.integer(row: 0, column: 5)
        else { return (outcome, clientApp, nil) }
        var files: [LinkAttemptReport.File] = []
        for row in 0..<result.rowCount {
            // An attempt without files has a row, too.
            guard let fileName = try result.text(row: row, column: 7) else { continue }
            guard let contentType = try result.text(row: row, column: 8),
                let size = try result.integer(row: row, column: 9)
            else { throw DatabaseError.unexpectedResult }
            files.append(.init(name: fileName, contentType: contentType, size: Int(size)))
        }
        return (outcome, clientApp, LinkAttemptReport(
            status: status, platform: platform, platformName: name, taxYear: Int(taxYear),
            finishedAt: try result.unixTime(row: 0, column: 6), files: files))
    }

    private static func outcome(_ result: borrowing QueryResult) throws(DatabaseError) -> LinkOutcome {
        guard result.rowCount > 0, let outcome = try result.text(row: 0, column: 0).flatMap(LinkOutcome.init) else {
            throw DatabaseError.unexpectedResult
        }
        return outcome
    }
}
