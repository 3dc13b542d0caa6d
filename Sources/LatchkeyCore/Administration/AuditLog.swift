public import PostgreSQL

extension Administration {
    private static let recordAct = Statement("""
        SELECT latchkey_admin.record_act($1, $2, $3, $4)
        """)

    /// Records an act outside the database, such as a new key in a file.
    ///
    /// - Parameters:
    ///   - act: noun and verb, such as `key.generate`.
    ///   - object: to what, such as `key:2025-03`.
    ///   - detail: a JSON object without secrets.
    public func record(_ act: String, object: String, detail: [UInt8]) throws(DatabaseError) {
        _ = try run(Self.recordAct, [
            .text(actor), .text(act), .text(object), .text(String(decoding: detail, as: UTF8.self)),
        ])
    }
}
