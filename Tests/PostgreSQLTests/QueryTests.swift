import PostgreSQL
import TestCluster
import Testing
import WireFormats

@Suite("A query", .needsServer, .cluster)
struct QueryTests {
    @Test("returns each text as it was sent", arguments: [
        "", "a", "naïve 試験 🗝", "'; DROP TABLE users; --", "\\x00", "$1", "{\"a\": [1]}", "line\nline\r\n\ttab",
        String(repeating: "ä", count: 100_000),
    ])
    func texts(text: String) throws {
        let connection = try TestCluster.current.connection()
        #expect(try connection.text(Statement("SELECT $1::text"), [.text(text)]) == text)
        #expect(try connection.text(Statement("SELECT $1::varchar"), [.text(text)]) == text)
    }

    @Test("returns each integer as it was sent", arguments: [
        0, 1, -1, 32_767, -32_768, 2_147_483_647, -2_147_483_648, .max, .min,
    ])
    func integers(integer: Int64) throws {
        let connection = try TestCluster.current.connection()
        #expect(try connection.integer(Statement("SELECT $1::bigint"), [.integer(integer)]) == integer)
        if let small = Int32(exactly: integer) {
            #expect(try connection.integer(Statement("SELECT $1::integer"), [.integer(Int64(small))]) == integer)
        }
        if let small = Int16(exactly: integer) {
            #expect(try connection.integer(Statement("SELECT $1::smallint"), [.integer(Int64(small))]) == integer)
        }
    }

    @Test("returns booleans, ids and bytes as they were sent")
    func otherTypes() throws {
        let connection = try TestCluster.current.connection()
        let id = try #require(UUID("00ff10a0-7fff-8000-0102-fffefdfcfbfa"))
        let bytes = (0...255).map(UInt8.init)
        let result = try connection.run(
            Statement("SELECT $1::boolean, $2::boolean, $3::uuid, $3::text, $4::bytea, $5::bytea, encode($4, 'hex')"),
            [.boolean(true), .boolean(false), .uuid(id), .bytes(bytes), .bytes([])], deadline: .now + .seconds(10))
        #expect(try result.boolean(row: 0, column: 0) == true)
        #expect(try result.boolean(row: 0, column: 1) == false)
        #expect(try result.uuid(row: 0, column: 2) == id)
        #expect(try result.text(row: 0, column: 3) == id.description)
        #expect(try result.bytes(row: 0, column: 4) == bytes)
        #expect(try result.bytes(row: 0, column: 5) == [])
        #expect(try result.text(row: 0, column: 6)?.hasPrefix("000102") == true)
    }

    @Test("takes arrays of bytes", arguments: [
        [], [[]], [[0, 1, 34, 92, 255]], [[0x7b], [], [0x2c, 0x22], [0x7d]],
    ] as [[[UInt8]]])
    func byteArrays(values: [[UInt8]]) throws {
        let connection = try TestCluster.current.connection()
        let result = try connection.run(
            Statement("SELECT value FROM unnest($1::bytea[]) WITH ORDINALITY AS list (value, place) ORDER BY place"),
            [.byteArrays(values)], deadline: .now + .seconds(10))
        #expect(result.rowCount == values.count)
        for (row, value) in values.enumerated() {
            #expect(try result.bytes(row: row, column: 0) == value)
        }
    }

    @Test("returns moments in whole seconds, whatever the session's time zone and date style", arguments: [
        (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (1_741_815_000, "2025-03-12T21:30:00Z"), (-62_135_596_800, "0001-01-01T00:00:00Z"),
    ] as [(Int64, String)])
    func times(seconds: Int64, text: String) throws {
        let connection = try TestCluster.current.connection(whenOpened: [
            Statement("SET TimeZone = 'Asia/Kathmandu'"), Statement("SET DateStyle = 'German'"),
        ])
        let time = UnixTime(secondsSinceEpoch: seconds)
        let result = try connection.run(
            Statement("SELECT $1::timestamptz, $1::timestamptz = $2::timestamptz, $1 + interval '0.9 s'"),
            [.timestamp(time), .text(text)], deadline: .now + .seconds(10))
        #expect(try result.unixTime(row: 0, column: 0) == time)
        #expect(try result.boolean(row: 0, column: 1) == true)
        #expect(try result.unixTime(row: 0, column: 2) == time)
    }

    @Test("carries a moment beyond PostgreSQL's calendar as infinity", arguments: [Int64.max, .min])
    func infinity(seconds: Int64) throws {
        let connection = try TestCluster.current.connection()
        let result = try connection.run(
            Statement("SELECT $1::timestamptz, isfinite($1)"),
            [.timestamp(UnixTime(secondsSinceEpoch: seconds))], deadline: .now + .seconds(10))
        #expect(try result.unixTime(row: 0, column: 0)?.secondsSinceEpoch == seconds)
        #expect(try result.boolean(row: 0, column: 1) == false)
    }

    @Test("infers the type of a text where the statement says what it is for")
    func inference() throws {
        let connection = try TestCluster.current.connection()
        let result = try connection.run(
            Statement("SELECT $1::jsonb, $2::interval = '24 hours', $3::text IS NULL, $4::uuid IS NULL, $5::json"),
            [.text(#"{"a":1}"#), .text("86400 s"), .text(orNull: nil), .uuid(orNull: nil), .text("[1]")],
            deadline: .now + .seconds(10))
        #expect(try result.text(row: 0, column: 0) == #"{"a": 1}"#)
        #expect(try result.boolean(row: 0, column: 1) == true)
        #expect(try result.boolean(row: 0, column: 2) == true)
        #expect(try result.boolean(row: 0, column: 3) == true)
        #expect(try result.text(row: 0, column: 4) == "[1]")
    }

    @Test("reads NULL as nil and anything unexpected as an error")
    func unexpected() throws {
        let connection = try TestCluster.current.connection()
        let result = try connection.run(Statement("SELECT NULL::text, 1, 'x'"), deadline: .now + .seconds(10))
        #expect(try result.text(row: 0, column: 0) == nil)
        #expect(try result.uuid(row: 0, column: 0) == nil)
        #expect(try result.isNull(row: 0, column: 0))
        for (row, column) in [(1, 0), (-1, 0), (0, 3), (0, -1), (Int.max, Int.min)] {
            do {
                _ = try result.text(row: row, column: column)
                Issue.record("read row \(row), column \(column)")
            } catch {
                #expect(error.kind == .unexpectedResult)
            }
        }
        do {
            _ = try result.text(row: 0, column: 1)
            Issue.record("read an integer as a text")
        } catch {
            #expect(error.kind == .unexpectedResult)
        }
        do {
            _ = try result.uuid(row: 0, column: 2)
            Issue.record("read a text as a uuid")
        } catch {
            #expect(error.kind == .unexpectedResult)
        }
    }

    @Test("with a NUL in a text is refused before it is sent")
    func nul() throws {
        let connection = try TestCluster.current.connection()
        let error = try #require(failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT $1::text"), [.text("secret\u{0}")])
        })
        #expect(error.kind == .invalidParameter)
        #expect(!error.isRetryable && !error.isAmbiguous)
        #expect(!connection.isOpen)
        #expect(try connection.integer(Statement("SELECT 42")) == 42)
    }

    @Test("that the server refuses leaves a session in use and a bland description")
    func serverError() throws {
        let connection = try TestCluster.current.connection()
        let pid = try connection.backendPID()
        let error = try #require(failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT $1::text::integer"), [.text("s3cret")])
        })
        #expect(error.kind == .server(SQLState("22P02")))
        #expect("\(error)" == "the database answered with SQLSTATE 22P02")
        #expect(error.serverMessage?.contains("s3cret") == true)
        #expect(!error.isRetryable && !error.isAmbiguous && !error.needsReconnect)
        #expect(try connection.backendPID() == pid)
    }

    @Test("has failed when its transaction fails behind the rows that it returned")
    func failureAtCommit() throws {
        let connection = try TestCluster.current.connection()
        try connection.execute(Statement(
            "CREATE TEMPORARY TABLE late (a integer CONSTRAINT late_a_unique UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        try connection.execute(Statement("INSERT INTO late VALUES (1)"))
        let error = failure { () throws(DatabaseError) in
            try connection.execute(Statement("INSERT INTO late VALUES (1) RETURNING a"))
        }
        #expect(error?.kind == .server(.uniqueViolation))
        #expect(try connection.integer(Statement("SELECT count(*) FROM late")) == 1)
    }

    @Test("is ambiguous when the server ends between its rows and its commit")
    func endAtCommit() throws {
        let connection = try TestCluster.current.connection()
        try connection.execute(Statement("CREATE TEMPORARY TABLE doomed (a integer)"))
        try connection.execute(Statement("""
            CREATE FUNCTION pg_temp.end_session() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
            """))
        try connection.execute(Statement("""
            CREATE CONSTRAINT TRIGGER doomed_end AFTER INSERT ON doomed DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION pg_temp.end_session()
            """))
        let error = try #require(failure { () throws(DatabaseError) in
            try connection.execute(Statement("INSERT INTO doomed VALUES (1) RETURNING a"))
        })
        #expect(error.isAmbiguous)
        #expect(!connection.isOpen)
    }

    @Test("gives the message and hint that a function raises")
    func hint() throws {
        let connection = try TestCluster.current.connection()
        try connection.execute(Statement("""
            CREATE OR REPLACE FUNCTION pg_temp.complain() RETURNS void LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'no such thing' USING HINT = 'Look elsewhere.', ERRCODE = 'P0002'; END $$
            """))
        let error = failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT pg_temp.complain()"))
        }
        #expect(error?.kind == .server(SQLState("P0002")))
        #expect(error?.serverMessage == "no such thing")
        #expect(error?.serverHint == "Look elsewhere.")
    }

    @Test("carries notices that go nowhere")
    func notices() throws {
        let connection = try TestCluster.current.connection()
        let written = try standardError {
            try connection.execute(Statement("DO $$ BEGIN RAISE WARNING 'to nobody'; END $$"))
            try connection.execute(Statement("DROP TABLE IF EXISTS no_such_table"))
        }
        #expect(!written.contains("to nobody") && !written.contains("no_such_table"))
    }

    @Test("that would leave a transaction open or wait for data ends the session", arguments: [
        (Statement("BEGIN"), Statement("SELECT 1/0")),
        (Statement("SELECT 1"), Statement("COPY (SELECT 1) TO STDOUT")),
        (Statement("CREATE TEMPORARY TABLE copied (a integer)"), Statement("COPY copied FROM STDIN")),
        (Statement("SELECT 1"), Statement(" ;")),
    ])
    func leftovers(first: Statement, second: Statement) throws {
        let connection = try TestCluster.current.connection()
        try connection.execute(first)
        #expect(failure { () throws(DatabaseError) in try connection.execute(second) } != nil)
        #expect(!connection.isOpen)
        #expect(try connection.integer(Statement("SELECT 42")) == 42)
    }

    @Test("returns a large result whole")
    func large() throws {
        let connection = try TestCluster.current.connection()
        let result = try connection.run(
            Statement("SELECT number, repeat('x', 1000) FROM generate_series(1, 50000) AS number"),
            deadline: .now + .seconds(60))
        #expect(result.rowCount == 50_000)
        #expect(try result.integer(row: 49_999, column: 0) == 50_000)
        #expect(try result.text(row: 49_999, column: 1)?.count == 1000)
    }

    @Test("sends a parameter larger than the socket's buffer")
    func largeParameter() throws {
        let connection = try TestCluster.current.connection()
        let bytes = [UInt8](repeating: 7, count: 20_000_000)
        let length = try connection.integer(Statement("SELECT length($1)"), [.bytes(bytes)], within: .seconds(60))
        #expect(length == 20_000_000)
    }
}
