internal import PostgreSQL
internal import WireFormats

/// Platform and document links in PostgreSQL.
struct PriorYearStore {
    private let database: DatabaseSession

    init(_ database: DatabaseSession) {
        self.database = database
    }

    private static let priorYear = Statement("""
        SELECT kind, platform, name, tax_year, last_used_at, document_count, document_id, content_type, size
        FROM latchkey_api.prior_year($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)

    func rows(_ query: PriorYearQuery) throws(DatabaseError) -> PriorYearRows {
        let result = try database.runRepeatable(Self.priorYear, [
            .uuid(query.clientApp.uuid),
            .uuid(query.user.uuid),
            query.taxYear.map { .integer(Int64($0)) } ?? .null,
        ] + Self.parameters(query.platforms) + Self.parameters(query.documents), waited: query.waited)
        var rows = PriorYearRows()
        for row in 0..<result.rowCount {
            guard let kind = try result.text(row: row, column: 0),
                let platform = try result.text(row: row, column: 1),
                let name = try result.text(row: row, column: 2),
                let taxYear = try result.integer(row: row, column: 3)
            else { throw DatabaseError.unexpectedResult }
            if kind == "platform", let lastUsedAt = try result.unixTime(row: row, column: 4),
                let documentCount = try result.integer(row: row, column: 5) {
                rows.platforms.append(PriorYearPage.Platform(
                    id: platform, name: name, taxYear: Int(taxYear), lastUsedAt: lastUsedAt,
                    documentCount: Int(documentCount)))
            } else if kind == "document", let id = try result.uuid(row: row, column: 6),
                let contentType = try result.text(row: row, column: 7),
                let size = try result.integer(row: row, column: 8) {
                rows.documents.append(PriorYearRows.Document(
                    id: Document.ID(id), platform: platform, taxYear: Int(taxYear), fileName: name,
                    contentType: contentType, size: Int(size)))
            } else {
                throw DatabaseError.unexpectedResult
            }
        }
        return rows
    }

    private static func parameters(_ part: PriorYearQuery.Part) -> [Parameter] {
        [
            .integer(Int64(part.limit)),
            part.after.map { .integer(Int64($0.taxYear)) } ?? .null,
            .text(orNull: part.after?.name),
            .text(orNull: part.after?.platform),
        ]
    }
}
