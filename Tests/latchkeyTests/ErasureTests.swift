import Foundation
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@Suite("The command's erasure of a user", .needsServer, .migratedCluster)
struct ErasureTests {
    @Test("removes all that was recorded and the files that nobody else needs, and says so")
    func erase() throws {
        let program = try Program()
        try program.makeDocuments()
        let recording = try Recording(program)
        let neighbour = try Recording(recording, user: .random())
        let (own, shared, staged) = (StoredContent(), StoredContent(), StoredContent())
        try recording.record(own, shared)
        try recording.record(own)
        try neighbour.record(shared)
        let open = WireFormats.UUID.random()
        #expect(try recording.begin(open) == "ok")
        try recording.upload("late.txt", content: staged, to: open)

        let run = try program.run(
            "user", "erase", recording.user.description, "--app", recording.app, "--actor", "alice", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let removed = try #require(try run.json["removed"]?.object)
        #expect(["platform_links", "documents", "retrievals", "deliveries", "stored_files"].map {
            removed[$0]?.integer
        } == [1, 3, 3, 2, 2])
        #expect(try run.json["stored_files_left"]?.integer == 0)
        #expect(!own.isStored(in: program.documents) && !staged.isStored(in: program.documents))
        #expect(shared.isStored(in: program.documents))
        #expect(try recording.finish(open) == "unknown_retrieval")
        #expect(try program.acts(on: "user:\(recording.app)/\(recording.user)") == ["user.erase by alice"])

        let again = try program.run("user", "erase", recording.user.description, "--app", recording.app)
        #expect(again.status == 0)
        #expect(again.output.hasPrefix("user \(recording.user) was erased before, at 20"))
        #expect(again.output.contains("\n  0   documents\n"))
        #expect(try program.acts(on: "user:\(recording.app)/\(recording.user)").count == 1)

        try program.run("user", "erase", neighbour.user.description, "--app", recording.app)
        #expect(!shared.isStored(in: program.documents))
    }

    @Test("leaves the files to the maintenance where no setting says where they are")
    func withoutFolder() throws {
        let program = try Program()
        try program.makeDocuments()
        program.environment["LATCHKEY_DOCUMENTS_FOLDER"] = nil
        let recording = try Recording(program)
        let content = StoredContent()
        try recording.record(content)
        let run = try program.run("user", "erase", recording.user.description, "--app", recording.app)
        #expect(run.status == 0)
        #expect(run.output.hasSuffix("""
              0   stored files, and 1 left for `latchkey maintenance run`: LATCHKEY_DOCUMENTS_FOLDER is not set

            """), "\(run.output)")
        #expect(content.isStored(in: program.documents))
    }

    @Test("says that files could not be removed, when the user is erased all the same")
    func brokenFolder() throws {
        let program = try Program()
        try program.makeDocuments()
        program.environment["LATCHKEY_DOCUMENTS_FOLDER"] = "/nonexistent/documents"
        let recording = try Recording(program)
        try recording.record(StoredContent())
        let run = try program.run("user", "erase", recording.user.description, "--app", recording.app, "--json")
        #expect(run.status == 1)
        #expect(try run.json["erased_now"]?.bool == true)
        #expect(try run.json["stored_files_left"]?.integer == 1)
        #expect(try run.text("failure").contains("/nonexistent/documents"))
    }
}
