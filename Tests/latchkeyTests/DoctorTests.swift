import Foundation
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
        #expect(run.output.contains(/ok        database: PostgreSQL [0-9.]+, schema version 1, as latchkey_admin/))
        #expect(run.output.contains("ok        token keys: 1, first is current\n"))
        #expect(run.output.contains("ok        secret-hash keys: 1, first is current\n"))
        #expect(run.output.contains("skipped   verify socket: LATCHKEY_VERIFY_SOCKET is not set\n"))
        #expect(run.output.contains("skipped   nginx: "))
    }

    @Test("says of each thing what is wrong and how to mend it")
    func wrong() throws {
        let program = try Program()
        program.environment["LATCHKEY_DATABASE_URL"] = "host=/nonexistent"
        program.environment["LATCHKEY_VERIFY_SOCKET"] = "/nonexistent/verify.sock"
        program.environment["LATCHKEY_DATABASE_SOCKET"] = program.tokenKeys
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: program.tokenKeys)
        try FileManager.default.removeItem(atPath: program.secretHashKeys)
        let run = try program.run("doctor", "--json")
        #expect(run.status == 1)
        #expect(try run.json["healthy"]?.bool == false)
        let checks = try #require(try run.json["checks"]?.array).compactMap(\.object)
        #expect(checks.map { $0["outcome"]?.string } == ["wrong", "wrong", "wrong", "wrong", "wrong", "skipped"])
        let findings = checks.compactMap { $0["finding"]?.string }
        #expect(findings[0].hasPrefix("the database cannot be reached"))
        #expect(findings[1].contains("chmod 600"))
        #expect(findings[2].contains(program.secretHashKeys))
        #expect(findings[3] == "there is no socket /nonexistent/verify.sock")
        #expect(findings[4] == "nobody listens at \(program.tokenKeys)")
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
        #expect(right.status == 0)
        try Data((text + "nonsense;").utf8).write(to: file)
        program.environment["LATCHKEY_NGINX_CONFIG"] = file.path
        let wrong = try program.run("doctor")
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("unknown directive \"nonsense\""), "\(wrong.output)")
    }
}
