internal import PostgreSQL
internal import WireFormats

/// Retrievals in PostgreSQL.
struct RetrievalStore: RetrievalRecords {
    private let database: DatabaseSession

    init(_ database: DatabaseSession) {
        self.database = database
    }

    private static let begin = Statement("""
        SELECT outcome, retrieval_id, client_app_id, platform, tax_year, created_at
        FROM latchkey_api.begin_retrieval($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """)

    func begin(
        _ retrieval: RetrievalBeginning, by collector: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, begun: RetrievalRow?) {
        let result = try database.runRepeatable(Self.begin, [
            .byteArrays(collector.keyHashes),
            .text(collector.mode.rawValue),
            .uuid(retrieval.id.uuid),
        ] + Self.parameters(retrieval), waited: collector.waited)
        let outcome = try Self.outcome(result)
        let clientApp = try result.uuid(row: 0, column: 2).map(ClientApp.ID.init)
        guard let id = try result.uuid(row: 0, column: 1), let platform = try result.text(row: 0, column: 3),
            let taxYear = try result.integer(row: 0, column: 4), let createdAt = try result.unixTime(row: 0, column: 5)
        else { return (outcome, clientApp, nil) }
        return (outcome, clientApp, RetrievalRow(
            id: Retrieval.ID(id), platform: platform, taxYear: Int(taxYear), createdAt: createdAt))
    }

    /// Those of `begin_retrieval` from the fourth on.
    private static func parameters(_ retrieval: RetrievalBeginning) -> [Parameter] {
        let requestID = Parameter.text(retrieval.requestID)
        switch retrieval.subject {
        case .user(let token, let platform, let taxYear):
            return [
                .uuid(token.clientApp.uuid), .uuid(token.user.uuid), .text(platform), .integer(Int64(taxYear)),
                requestID, .uuid(token.id.uuid), .null,
            ]
        case .attempt(let id):
            return [.null, .null, .null, .null, requestID, .null, .uuid(id.uuid)]
        case nil:
            return [.null, .null, .null, .null, requestID, .null, .null]
        }
    }

    private static let authorize = Statement("""
        SELECT outcome, client_app_id
        FROM latchkey_api.authorize_upload($1, $2, $3, $4, $5, $6, $7)
        """)

    func authorize(
        _ upload: UploadAuthorization, by collector: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?) {
        let result = try database.runRepeatable(Self.authorize, [
            .byteArrays(collector.keyHashes),
            .text(collector.mode.rawValue),
            .uuid(upload.retrieval.uuid),
            .text(upload.fileName),
            .integer(Int64(upload.size)),
            .integer(Int64(upload.quota.files)),
            .integer(Int64(upload.quota.bytes)),
        ], waited: collector.waited)
        return (try Self.outcome(result), try result.uuid(row: 0, column: 1).map(ClientApp.ID.init))
    }

    private static let record = Statement("""
        SELECT latchkey_api.record_file($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """)

    func record(_ file: RecordedFile, by collector: CollectorCall) throws(DatabaseError) -> RetrievalOutcome {
        try Self.outcome(try database.runRepeatable(Self.record, [
            .byteArrays(collector.keyHashes),
            .text(collector.mode.rawValue),
            .uuid(file.retrieval.uuid),
            .uuid(file.id.uuid),
            .text(file.fileName),
            .text(file.contentType),
            .integer(Int64(file.size)),
            .bytes(file.sha256),
            .integer(Int64(file.quota.files)),
            .integer(Int64(file.quota.bytes)),
        ], waited: collector.waited))
    }

    private static let isReferenced = Statement("SELECT latchkey_api.is_content_referenced($1)")

    func isReferenced(sha256: [UInt8]) throws(DatabaseError) -> Bool {
        let result = try database.runRepeatable(Self.isReferenced, [.bytes(sha256)])
        guard let answer = try result.boolean(row: 0, column: 0) else { throw DatabaseError.unexpectedResult }
        return answer
    }

    private static let finish = Statement("""
        SELECT outcome, client_app_id, status, platform, tax_year, document_count, finished_at
        FROM latchkey_api.finish_retrieval($1, $2, $3, $4, $5, $6)
        """)

    func finish(
        _ ending: RetrievalEnding, by collector: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, result: RetrievalResult?) {
        let result = try database.runRepeatable(Self.finish, [
            .byteArrays(collector.keyHashes),
            .text(collector.mode.rawValue),
            .uuid(ending.id.uuid),
            .text(ending.status.rawValue),
            .text(ending.metadata),
            .uuid(ending.delivery),
        ], waited: collector.waited)
        let outcome = try Self.outcome(result)
        let clientApp = try result.uuid(row: 0, column: 1).map(ClientApp.ID.init)
        guard let status = try result.text(row: 0, column: 2).flatMap(Retrieval.Status.init),
            let platform = try result.text(row: 0, column: 3),
            let taxYear = try result.integer(row: 0, column: 4),
            let documentCount = try result.integer(row: 0, column: 5),
            let finishedAt = try result.unixTime(row: 0, column: 6)
        else { return (outcome, clientApp, nil) }
        return (outcome, clientApp, RetrievalResult(
            status: status, platform: platform, taxYear: Int(taxYear), documentCount: Int(documentCount),
            finishedAt: finishedAt))
    }

    private static func outcome(_ result: borrowing QueryResult) throws(DatabaseError) -> RetrievalOutcome {
        guard result.rowCount == 1,
            let outcome = try result.text(row: 0, column: 0).flatMap(RetrievalOutcome.init)
        else { throw DatabaseError.unexpectedResult }
        return outcome
    }
}
