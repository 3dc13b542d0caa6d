internal import PostgreSQL

/// Documents in PostgreSQL.
struct DocumentStore {
    private let database: DatabaseSession

    init(_ database: DatabaseSession) {
        self.database = database
    }

    private static let content = Statement("""
        SELECT sha256, file_name, content_type
        FROM latchkey_api.document_content($1, $2, $3, $4)
        """)

    /// - Returns: nil where anything that the link names is gone, or the app is disabled.
    func content(_ link: DownloadLinks.Link, waited: Duration) throws(DatabaseError) -> DocumentContent? {
        let result = try database.runRepeatable(Self.content, [
            .uuid(link.clientApp.uuid),
            .uuid(link.user.uuid),
            .uuid(link.document.uuid),
            .text(link.mode.rawValue),
        ], waited: waited)
        guard result.rowCount > 0 else { return nil }
        guard let sha256 = try result.bytes(row: 0, column: 0), let fileName = try result.text(row: 0, column: 1),
            let contentType = try result.text(row: 0, column: 2)
        else { throw DatabaseError.unexpectedResult }
        return DocumentContent(sha256: sha256, fileName: fileName, contentType: contentType)
    }
}
