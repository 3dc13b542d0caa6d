import Foundation
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@Suite("The doctor", .needsServer, .migratedCluster)
struct DoctorTests {
    private static let hasNginx = ["/usr/sbin/nginx", "/usr/bin/nginx"].contains { path in
        FileManager.default.fileExists(atPath: path)
    }

    @Test("finds nothing wrong where nothing is, and says what it skipped")
    func healthy() throws {
        let run = try Program().run("doctor")
        #expect(run.status == 0)
        #expect(run.output.contains(/ok        database: PostgreSQL [0-9.]+, schema version 2, as latchkey_admin/))
        #expect(run.output.contains("ok        token keys: 1, first is current\n"))
        #expect(run.output.contains("ok        secret-hash keys: 1, first is current\n"))
        #expect(run.output.contains("ok        download keys: 1, first is current\n"))
        #expect(run.output.contains("ok        webhook keys: 1, first is current\n"))
        #expect(run.output.contains("skipped   documents: LATCHKEY_DOCUMENTS_FOLDER is not set\n"))
        #expect(run.output.contains("skipped   verify socket: LATCHKEY_VERIFY_SOCKET is not set\n"))
        #expect(run.output.contains("skipped   upload socket: LATCHKEY_UPLOAD_SOCKET is not set\n"))
        #expect(run.output.contains("skipped   nginx: "))
        #expect(run.output.contains("skipped   link page: "))
    }

    @Test("says of each thing what is wrong and how to mend it")
    func wrong() throws {
        let program = try Program()
        program.environment["LATCHKEY_DATABASE_URL"] = "host=/nonexistent"
        program.environment["LATCHKEY_VERIFY_SOCKET"] = "/nonexistent/verify.sock"
        program.environment["LATCHKEY_DATABASE_SOCKET"] = program.tokenKeys
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: program.tokenKeys)
        try FileManager.default.removeItem(atPath: program.secretHashKeys)
        program.environment["LATCHKEY_DOWNLOAD_KEYS_FILE"] = nil
        program.environment["LATCHKEY_WEBHOOK_KEYS_FILE"] = nil
        program.environment["LATCHKEY_DOCUMENTS_FOLDER"] = "/nonexistent/documents"
        program.environment["LATCHKEY_UPLOAD_SOCKET"] = "/nonexistent/upload.sock"
        let run = try program.run("doctor", "--json")
        #expect(run.status == 1)
        #expect(try run.json["healthy"]?.bool == false)
        let checks = try #require(try run.json["checks"]?.array).compactMap(\.object)
        func outcomes(_ outcome: String) -> [String?] {
            checks.filter { $0["outcome"]?.string == outcome }.map { $0["name"]?.string }
        }
        #expect(outcomes("wrong") == [
            "database", "token keys", "secret-hash keys", "download keys", "documents", "verify socket",
            "database socket", "upload socket",
        ])
        #expect(outcomes("skipped") == [
            "webhook keys", "nginx", "link page", "webhook deliveries", "webhook secrets",
        ])
        func finding(_ name: String) throws -> String {
            try #require(checks.first { $0["name"]?.string == name }?["finding"]?.string)
        }
        #expect(try finding("database").hasPrefix("the database cannot be reached"))
        #expect(try finding("token keys").contains("chmod 600"))
        #expect(try finding("secret-hash keys").contains(program.secretHashKeys))
        #expect(try finding("download keys") == "LATCHKEY_DOWNLOAD_KEYS_FILE is not set")
        #expect(try finding("documents").contains("/nonexistent/documents"))
        #expect(try finding("verify socket") == "there is no socket /nonexistent/verify.sock")
        #expect(try finding("database socket") == "nobody listens at \(program.tokenKeys)")
    }

    @Test("looks at the folder of documents", arguments: [
        (0o2750, nil), (0o2755, "everybody may look into it"), (0o2700, "nginx may not read what is in it"),
        (0o550, "its owner may not use it"), (0o2770, nil),
    ] as [(Int, String?)])
    func documents(mode: Int, mistake: String?) throws {
        let program = try Program()
        try program.makeDocuments()
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: program.documents.path)
        let run = try program.run("doctor")
        #expect(run.status == (mistake == nil ? 0 : 1), "\(run.output)")
        let outcome = mistake == nil ? "ok       " : "wrong    "
        #expect(run.output.contains("\(outcome) documents: \(program.documents.path) has mode "), "\(run.output)")
        #expect(mistake.map { run.output.contains($0 + "\n          HINT: ") } ?? true, "\(run.output)")
    }

    @Test("says that files in the folder may be closed to its group", .enabled("only root gives files away") {
        FileManager.default.isWritableFile(atPath: "/etc/passwd")
    })
    func group() throws {
        let program = try Program()
        try program.makeDocuments()
        let path = program.documents.path
        try FileManager.default.setAttributes([.groupOwnerAccountName: "www-data"], ofItemAtPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: path)
        let run = try program.run("doctor")
        #expect(run.status == 0)
        #expect(run.output.contains("group www-data: what is made in it does not get that group\n"), "\(run.output)")
        try FileManager.default.setAttributes([.posixPermissions: 0o2750], ofItemAtPath: path)
        #expect(try program.run("doctor").output.contains(/ok        documents: .* group www-data\n/))
    }

    @Test("says what of the webhooks is worth a look, and is content all the same")
    func webhooks() throws {
        let program = try Program()
        let recording = try Recording(program)
        try recording.record()
        try recording.record()
        let before = try program.run("doctor").output
        #expect(before.contains("ok        webhook deliveries: 0 wait since more than an hour, 0 are dead\n"))
        #expect(before.contains("ok        webhook secrets: 0 active client apps have webhooks and no secret\n"))
        try program.database().execute(Statement("""
            WITH one AS (SELECT id FROM latchkey.webhook_deliveries LIMIT 1)
            UPDATE latchkey.webhook_deliveries
               SET state = CASE WHEN id IN (SELECT id FROM one) THEN 'dead' ELSE 'pending' END,
                   queued_at = now() - interval '61 minutes', last_attempt_at = now()
            """))
        try program.database().execute(Statement("UPDATE latchkey.webhook_secrets SET expires_at = now()"))
        let run = try program.run("doctor")
        #expect(run.status == 0)
        #expect(run.output.contains("look      webhook deliveries: 1 wait since more than an hour, 1 are dead\n"))
        #expect(run.output.contains("look      webhook secrets: 1 active client apps have webhooks and no secret"))
        // No URL of its own, but a delivery to that of a token.
        try program.database().execute(Statement("UPDATE latchkey.client_apps SET webhook_url = NULL"))
        #expect(try program.run("doctor").output.contains("look      webhook secrets: 1 active client apps have"))
        try program.database().execute(Statement("DELETE FROM latchkey.webhook_deliveries"))
        try program.database().execute(Statement("UPDATE latchkey.webhook_secrets SET expires_at = NULL"))
    }

    @Test("connects to the sockets")
    func sockets() throws {
        let program = try Program()
        // PostgreSQL's own socket will do: somebody listens.
        program.environment["LATCHKEY_VERIFY_SOCKET"] = try program.cluster.folder.appending(path: ".s.PGSQL.5432").path
        let run = try program.run("doctor")
        #expect(run.status == 0)
        #expect(run.output.contains("ok        verify socket: somebody listens at "))
    }

    @Test("asks nginx about its configuration", .enabled("nginx is not installed") { hasNginx })
    func nginx() throws {
        let program = try Program()
        let file = program.folder.appending(path: "nginx.conf")
        let text = """
            pid \(program.folder.path)/nginx.pid; error_log stderr; events {}
            http { access_log off; server { listen unix:\(program.folder.path)/nginx.sock; } }
            """
        try Data(text.utf8).write(to: file)
        let right = try program.run("doctor", "--nginx-config", file.path)
        #expect(right.output.contains("ok        nginx: nginx finds no mistake in \(file.path)\n"), "\(right.output)")
        #expect(right.output.contains("look      link page: nginx serves no link modal"), "\(right.output)")
        #expect(right.status == 0)
        try Data((text + "nonsense;").utf8).write(to: file)
        program.environment["LATCHKEY_NGINX_CONFIG"] = file.path
        let wrong = try program.run("doctor")
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("unknown directive \"nonsense\""), "\(wrong.output)")
        #expect(wrong.output.contains("skipped   link page: "))
    }

    @Test("looks for the link modal where nginx does", .enabled("nginx is not installed") { hasNginx })
    func linkPage() throws {
        let program = try Program()
        let (file, www) = (program.folder.appending(path: "nginx.conf"), program.folder.appending(path: "www"))
        let text = """
            pid \(program.folder.path)/nginx.pid; error_log stderr; events {}
            http {
                # map "" $latchkey_www { default /nonexistent; }
                map "" $latchkey_www {
                    default "\(www.path)";
                }
            }
            """
        try Data(text.utf8).write(to: file)
        let wrong = try program.run("doctor", "--nginx-config", file.path)
        #expect(wrong.status == 1)
        let link = www.appending(path: "link")
        #expect(wrong.output.contains("wrong     link page: there is no \(link.path)/index.html"), "\(wrong.output)")
        try FileManager.default.createDirectory(at: link, withIntermediateDirectories: true)
        for name in ["index.html", "link-initialize.js"] {
            try Data().write(to: link.appending(path: name))
        }
        let right = try program.run("doctor", "--nginx-config", file.path)
        #expect(right.status == 0)
        #expect(right.output.contains("ok        link page: \(link.path) has it\n"), "\(right.output)")
    }
}
