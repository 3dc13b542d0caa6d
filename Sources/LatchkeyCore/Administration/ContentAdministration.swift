public import ContentStore
public import PostgreSQL

extension Administration {
    private static let unreferencedContents = Statement("""
        SELECT sha256
        FROM latchkey_admin.unreferenced_contents($1) AS u (sha256)
        """)

    /// Those of the contents that no document and no open retrieval names.
    public func unreferenced(_ names: [ContentName]) throws(DatabaseError) -> [ContentName] {
        let result = try run(Self.unreferencedContents, [.byteArrays(names.map(\.bytes))])
        return try contentNames(in: result, column: 0)
    }

    /// Removes a content from the store unless somebody needs it.
    ///
    /// The database is asked while the name is locked, so no upload can be between finding the content in the store and
    /// recording that it needs it.
    ///
    /// - Returns: false when it is needed or not there.
    public func removeUnneeded(_ name: ContentName, from store: ContentStore) throws -> Bool {
        let lock = try store.lock(name, .removing, deadline: .now + .seconds(10))
        defer { lock.release() }
        return try unreferenced([name]) == [name] && store.remove(name, holding: lock)
    }

    /// The SHA-256 digests of a column, without its NULLs.
    func contentNames(in result: borrowing QueryResult, column: Int) throws(DatabaseError) -> [ContentName] {
        var names: [ContentName] = []
        for row in 0..<result.rowCount {
            guard let bytes = try result.bytes(row: row, column: column) else { continue }
            guard let name = ContentName(bytes) else { throw DatabaseError.unexpectedResult }
            names.append(name)
        }
        return names
    }
}
