import Foundation
import LatchkeyCore
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@testable import latchkey

// Serialised: each run works on all that there is.
@Suite("The command's maintenance", .needsServer, .migratedCluster, .serialized)
struct MaintenanceTests {
    /// How much each task did, by its name.
    private func done(_ run: Program.Run) throws -> [String: Int64] {
        var found: [String: Int64] = [:]
        for task in try run.json["tasks"]?.array?.compactMap(\.object) ?? [] {
            found[try #require(task["task"]?.string)] = task["done"]?.integer
        }
        return found
    }

    @Test("does every task in batches until nothing is left, and says how much")
    func run() throws {
        let program = try Program()
        let recording = try Recording(program)
        let open = WireFormats.UUID.random()
        #expect(try recording.begin(open) == "ok")
        let young = WireFormats.UUID.random()
        #expect(try recording.begin(young) == "ok")
        try recording.record()
        try recording.record()
        let database = try program.database()
        try database.execute(
            Statement("UPDATE latchkey.retrievals SET created_at = now() - interval '25 hours' WHERE id = $1"),
            .uuid(open))
        // More than one batch.
        try database.execute(
            Statement("""
                INSERT INTO latchkey.revoked_tokens (token_id, client_app_id, expires_at)
                SELECT md5(n::text), $1, now() - interval '2 hours' FROM generate_series(1, 1234) AS n
                """),
            .uuid(try #require(UUID(recording.app))))
        try database.execute(Statement("""
            UPDATE latchkey.webhook_deliveries SET state = 'delivered', last_attempt_at = now() - interval '31 days'
             WHERE id = (SELECT min(id::text)::uuid FROM latchkey.webhook_deliveries)
            """))
        try database.execute(Statement("""
            UPDATE latchkey.retrievals SET finished_at = now() - interval '401 days'
             WHERE id = (SELECT min(id::text)::uuid FROM latchkey.retrievals WHERE status = 'success')
            """))
        try database.execute(Statement("""
            CREATE TABLE latchkey.audit_log_2001_01 PARTITION OF latchkey.audit_log
                FOR VALUES FROM ('2001-01-01Z') TO ('2001-02-01Z')
            """))
        try database.execute(Statement("ALTER TABLE latchkey.audit_log_2001_01 OWNER TO latchkey_owner"))

        let run = try program.run("maintenance", "run", "--actor", "timer", "--json")
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        let found = try done(run)
        #expect(found["retrievals abandoned"] == 1)
        #expect(found["expired revocations removed"] == 1234)
        #expect(found["webhook deliveries removed"] == 1)
        #expect(found["retrievals removed"] == 1)
        #expect(found["audit log partitions dropped"] == 1)
        #expect(try recording.finish(open) == "unknown_retrieval")
        #expect(try recording.finish(young) == "ok")
        #expect(try program.acts(on: "table:audit_log_2001_01") == ["audit.drop by timer"])

        let text = try program.run("maintenance", "run").output
        #expect(text.contains("done      expired revocations removed: 0\n"))
        #expect(text.contains("done      retrievals abandoned: 0\n"))
        #expect(text.hasSuffix("skipped   stored files removed: LATCHKEY_DOCUMENTS_FOLDER is not set\n"))
    }

    @Test("takes ages from the settings, and from options in their place")
    func ages() throws {
        let program = try Program()
        let recording = try Recording(program)
        let open = WireFormats.UUID.random()
        #expect(try recording.begin(open) == "ok")
        try program.database().execute(
            Statement("UPDATE latchkey.retrievals SET created_at = now() - interval '150 minutes' WHERE id = $1"),
            .uuid(open))
        #expect(try done(program.run("maintenance", "run", "--json"))["retrievals abandoned"] == 0)
        program.environment["LATCHKEY_ABANDON_HOURS"] = "2"
        #expect(try done(program.run("maintenance", "run", "--abandon-hours", "3", "--json"))["retrievals abandoned"]
            == 0)
        #expect(try done(program.run("maintenance", "run", "--json"))["retrievals abandoned"] == 1)
        for wrong in ["0", "8761", "x", "1.5"] {
            program.environment["LATCHKEY_ABANDON_HOURS"] = wrong
            let run = try program.run("maintenance", "run")
            #expect(run.status == 78)
            #expect(run.errors == "latchkey: LATCHKEY_ABANDON_HOURS is not a whole number from 1 to 8760\n")
        }
    }

    @Test("goes on behind a task that fails, and ends with 1")
    func failure() throws {
        let program = try Program()
        try program.database().execute(
            Statement("REVOKE EXECUTE ON FUNCTION latchkey_admin.remove_expired FROM latchkey_administrator"))
        defer {
            try? program.database().execute(
                Statement("GRANT EXECUTE ON FUNCTION latchkey_admin.remove_expired TO latchkey_administrator"))
        }
        program.environment["LATCHKEY_DOCUMENTS_FOLDER"] = "/nonexistent/documents"
        let run = try program.run("maintenance", "run")
        #expect(run.status == 1)
        #expect(run.output.contains("done      retrievals abandoned: 0\n"))
        #expect(run.output.contains("failed    expired rows removed: 0, then: the database refuses: permission denied"))
        #expect(run.output.contains("done      audit log partitions dropped: 0\n"))
        #expect(run.output.contains("failed    stored files removed: 0, then: "))
        let json = try program.run("maintenance", "run", "--json")
        #expect(json.status == 1)
        #expect(try json.json["tasks"]?.array?.compactMap(\.object).filter { $0["outcome"]?.string == "failed" }.count
            == 2)
    }

    @Test("leaves the field to a run that is under way")
    func twice() throws {
        let program = try Program()
        let administration = try program.administration()
        #expect(try administration.lockMaintenance())
        let run = try program.run("maintenance", "run")
        #expect(run.status == 0)
        #expect(run.output == "another run is under way: there is nothing to do\n")
        #expect(try program.run("maintenance", "run", "--json").json["ran"]?.bool == false)
        withExtendedLifetime(administration) {}
    }

    @Test("removes files that nobody needs when they are an hour old")
    func files() throws {
        let program = try Program()
        try program.makeDocuments()
        let recording = try Recording(program)
        let (needed, staged, unneeded) = (StoredContent(), StoredContent(), StoredContent())
        try recording.record(needed)
        let open = WireFormats.UUID.random()
        #expect(try recording.begin(open) == "ok")
        try recording.upload("open.txt", content: staged, to: open)
        try unneeded.store(in: program.documents)
        #expect(try done(program.run("maintenance", "run", "--json"))["stored files removed"] == 0)
        #expect(unneeded.isStored(in: program.documents))

        let store = try #require(try program.store())
        func sweep(at time: Int64) throws -> Int? {
            Maintenance(
                administration: try program.administration(),
                ages: .init(
                    abandonHours: 24, keepDeliveriesDays: 30, keepRetrievalsDays: 400, keepAuditMonths: 24),
                now: UnixTime(secondsSinceEpoch: time)
            ).run { store }.first { $0.name == "stored files removed" }?.done
        }
        #expect(try sweep(at: .now + 3590) == 0)
        #expect(try sweep(at: .now + 3601) == 1)
        #expect(!unneeded.isStored(in: program.documents))
        #expect(needed.isStored(in: program.documents) && staged.isStored(in: program.documents))
    }

    @Test("does not remove what is needed again by the time that it is locked")
    func neededAgain() throws {
        let program = try Program()
        try program.makeDocuments()
        let recording = try Recording(program)
        let content = StoredContent()
        try content.store(in: program.documents)
        let administration = try program.administration()
        let names = try administration.unreferenced([try content.contentName])
        #expect(names.count == 1)
        try recording.record(content)
        let store = try #require(try program.store())
        #expect(try !administration.removeUnneeded(names[0], from: store))
        #expect(content.isStored(in: program.documents))
    }
}
