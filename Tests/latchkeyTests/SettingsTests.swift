import Foundation
import PostgreSQL
import TestCluster
import Testing

@Suite("The command's settings", .needsServer, .migratedCluster)
struct SettingsTests {
    @Test("that are wrong end it with a sentence and advice", arguments: [
        (nil, 78, "latchkey: LATCHKEY_DATABASE_URL is not set\nHINT: It is a libpq URI"),
        ("host=/tmp password=hunter2", 78, "latchkey: LATCHKEY_DATABASE_URL: the conninfo contains a password"),
        ("postgresql://u:hunter2@h/d", 78, "latchkey: LATCHKEY_DATABASE_URL: the conninfo contains a password"),
        ("nonsense", 78, "latchkey: LATCHKEY_DATABASE_URL: the conninfo is not valid: missing"),
        ("host=/nonexistent", 69, "latchkey: the database cannot be reached: "),
        ("host=CLUSTER user=postgres dbname=template1", 78, "latchkey: the database has no Latchkey schema\nHINT: Run"),
        ("host=CLUSTER user=stranger dbname=postgres", 78, "latchkey: the role in LATCHKEY_DATABASE_URL may not"),
    ] as [(String?, Int32, String)])
    func wrong(url: String?, status: Int32, message: String) throws {
        let program = try Program()
        try? program.database().execute(Statement("CREATE ROLE stranger LOGIN"))
        try? program.database().execute(Statement("GRANT CONNECT ON DATABASE postgres TO stranger"))
        program.environment["LATCHKEY_DATABASE_URL"] = try url?
            .replacing("CLUSTER", with: program.cluster.folder.path)
        let run = try program.run("app", "list")
        #expect(run.status == status)
        #expect(run.errors.hasPrefix(message), "\(run.errors)")
        #expect(!run.errors.contains("hunter2"))
        #expect(run.output.isEmpty)
    }

    @Test("come from a file, and the environment wins over it")
    func file() throws {
        let program = try Program()
        let url = program.environment.removeValue(forKey: "LATCHKEY_DATABASE_URL") ?? ""
        let file = program.folder.appending(path: "latchkeyd.conf")
        try Data("# comment\n\n LATCHKEY_DATABASE_URL = \(url)\r\nLATCHKEY_VERIFY_WORKERS=2\n".utf8).write(to: file)
        #expect(try program.run("app", "list", "--config", file.path).status == 0)
        program.environment["LATCHKEY_DATABASE_URL"] = "host=/nonexistent"
        #expect(try program.run("app", "list", "--config", file.path).status == 69)
        program.environment["LATCHKEY_DATABASE_URL"] = ""
        #expect(try program.run("app", "list", "--config", file.path).status == 0)
    }

    @Test("in a file with a mistake are refused", arguments: [
        ("nonsense", "line 1 is neither NAME=value nor a comment"), ("A=1\nA=2", "line 2 sets A again"),
    ])
    func badFile(text: String, message: String) throws {
        let program = try Program()
        let file = program.folder.appending(path: "bad.conf")
        try Data(text.utf8).write(to: file)
        let run = try program.run("app", "list", "--config", file.path)
        #expect(run.status == 78)
        #expect(run.errors.contains(message))
        #expect(try program.run("app", "list", "--config", "/nonexistent").status == 78)
    }

    @Test("that lead to a newer schema are refused")
    func newerSchema() throws {
        let program = try Program()
        try program.database().execute(Statement("CREATE DATABASE newer"))
        try program.cluster.migrate(database: "newer")
        let newer = try Connection(conninfo: program.cluster.conninfo(database: "newer"))
        try newer.execute(Statement("""
            CREATE OR REPLACE FUNCTION latchkey_api.schema_version()
            RETURNS TABLE (version integer, oldest_supported integer)
            LANGUAGE sql IMMUTABLE AS 'SELECT 7, 6'
            """))
        newer.close()
        program.environment["LATCHKEY_DATABASE_URL"] = try program.cluster.conninfo(database: "newer")
        let run = try program.run("app", "list")
        #expect(run.status == 78)
        #expect(run.errors.hasPrefix("latchkey: the database has schema version 7, which no longer serves"))
    }

    @Test("of a superuser give no more rights than the administrator has")
    func rights() throws {
        let program = try Program()
        try program.database().execute(
            Statement("REVOKE EXECUTE ON FUNCTION latchkey_admin.record_act FROM latchkey_administrator"))
        defer {
            try? program.database().execute(
                Statement("GRANT EXECUTE ON FUNCTION latchkey_admin.record_act TO latchkey_administrator"))
        }
        let run = try program.run("key", "generate")
        #expect(run.status == 1)
        #expect(run.errors == """
            latchkey: the database refuses: permission denied for function record_act (SQLSTATE 42501)

            """)
    }
}

extension Connection {
    func execute(_ statement: Statement, _ parameters: Parameter...) throws(DatabaseError) {
        _ = try run(statement, parameters, deadline: .now + .seconds(30))
    }
}
