internal import CLibPQ
public import WireFormats

/// The rows that a statement gave. It owns libpq's `PGresult` and frees it when it goes out of scope.
///
/// Values arrive in PostgreSQL's binary format: neither DateStyle, TimeZone nor bytea_output can change their meaning.
/// Every read checks row, column and type; nil is SQL's NULL.
@safe
public struct QueryResult: ~Copyable {
    private let handle: OpaquePointer  // <PGresult>
    public let rowCount: Int
    public let columnCount: Int

    init(owning handle: OpaquePointer) {
        unsafe self.handle = handle
        rowCount = unsafe Int(PQntuples(handle))
        columnCount = unsafe Int(PQnfields(handle))
    }

    /// What the server, or libpq in its place, said instead of an answer.
    var error: DatabaseError? {
        switch unsafe PQresultStatus(handle) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return nil
        case PGRES_FATAL_ERROR: break
        default: return .unexpectedResult
        }
        // An error without a code is libpq's own: the connection is gone.
        guard let code = errorField(CLIBPQ_DIAG_SQLSTATE) else { return DatabaseError(.connectionLost(sent: true)) }
        return DatabaseError(
            .server(SQLState(rawValue: code)), serverMessage: errorField(CLIBPQ_DIAG_MESSAGE_PRIMARY),
            serverHint: errorField(CLIBPQ_DIAG_MESSAGE_HINT), constraint: errorField(CLIBPQ_DIAG_CONSTRAINT_NAME))
    }

    private func errorField(_ field: Int32) -> String? {
        unsafe PQresultErrorField(handle, field).map { unsafe String(cString: $0) }
    }

    deinit {
        unsafe PQclear(handle)
    }

    public func isNull(row: Int, column: Int) throws(DatabaseError) -> Bool {
        // libpq answers with a warning for a row or column that is not there, so it is never asked for one.
        guard (0..<rowCount).contains(row), (0..<columnCount).contains(column) else { throw .unexpectedResult }
        return unsafe PQgetisnull(handle, Int32(row), Int32(column)) == 1
    }

    /// A text, varchar, char, name, json or jsonb.
    public func text(row: Int, column: Int) throws(DatabaseError) -> String? {
        try field(row: row, column: column) { type, bytes in
            if TypeID.isText(type) { return Self.string(bytes) }
            // jsonb is a version number, 1, and then the text.
            guard type == TypeID.jsonb, bytes.count > 0, bytes[0] == 1 else { return nil }
            return Self.string(bytes.extracting(1...))
        }
    }

    /// A smallint, integer or bigint.
    public func integer(row: Int, column: Int) throws(DatabaseError) -> Int64? {
        try field(row: row, column: column) { type, bytes in
            switch (type, bytes.count) {
            case (TypeID.int8, 8): Self.bigEndian(bytes)
            case (TypeID.int4, 4): Int64(Self.bigEndian(bytes) as Int32)
            case (TypeID.int2, 2): Int64(Self.bigEndian(bytes) as Int16)
            default: nil
            }
        }
    }

    public func boolean(row: Int, column: Int) throws(DatabaseError) -> Bool? {
        try field(row: row, column: column) { type, bytes in
            type == TypeID.boolean && bytes.count == 1 ? bytes[0] != 0 : nil
        }
    }

    public func uuid(row: Int, column: Int) throws(DatabaseError) -> UUID? {
        try field(row: row, column: column) { type, bytes in
            guard type == TypeID.uuid, bytes.count == 16 else { return nil }
            return UUID(high: Self.bigEndian(bytes.extracting(..<8)), low: Self.bigEndian(bytes.extracting(8...)))
        }
    }

    /// A bytea.
    public func bytes(row: Int, column: Int) throws(DatabaseError) -> [UInt8]? {
        try field(row: row, column: column) { type, bytes in
            type == TypeID.bytes ? unsafe bytes.withUnsafeBufferPointer { unsafe [UInt8]($0) } : nil
        }
    }

    /// A timestamptz in whole seconds, rounded down; infinity is the last second there is.
    public func unixTime(row: Int, column: Int) throws(DatabaseError) -> UnixTime? {
        try field(row: row, column: column) { type, bytes in
            guard type == TypeID.timestamp, bytes.count == 8 else { return nil }
            return PostgresTime.unixTime(microseconds: Self.bigEndian(bytes))
        }
    }

    /// Lends one field's type and bytes to `read`, whose nil means that they are not what was asked for.
    private func field<Value>(
        row: Int, column: Int, read: (_ type: UInt32, _ bytes: Span<UInt8>) -> Value?
    ) throws(DatabaseError) -> Value? {
        guard try !isNull(row: row, column: column) else { return nil }
        let type = unsafe PQftype(handle, Int32(column))
        let count = unsafe Int(PQgetlength(handle, Int32(row), Int32(column)))
        guard let start = unsafe PQgetvalue(handle, Int32(row), Int32(column)) else { throw .unexpectedResult }
        let value = unsafe start.withMemoryRebound(to: UInt8.self, capacity: count) { start in
            unsafe read(type, Span(_unsafeStart: start, count: count))
        }
        guard let value else { throw .unexpectedResult }
        return value
    }

    private static func string(_ bytes: Span<UInt8>) -> String? {
        guard let text = try? UTF8Span(validating: bytes) else { return nil }
        return String(copying: text)
    }

    private static func bigEndian<Integer: FixedWidthInteger>(_ bytes: Span<UInt8>) -> Integer {
        var value: Integer = 0
        for index in bytes.indices { value = value << 8 | Integer(truncatingIfNeeded: bytes[index]) }
        return value
    }
}
