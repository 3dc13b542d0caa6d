import ContentStore
import Foundation
import JOSE
import LatchkeyCore
import PostgreSQL
import TestCluster
import Testing
import WireFormats

/// What a collector records, as the responder would have it recorded.
struct Recording {
    let program: Program
    let app: String
    let user: WireFormats.UUID
    let collector: String
    private let key: String

    /// A client app with a webhook, a user of it and a collector.
    init(_ program: Program) throws {
        self.program = program
        let created = try program.run(
            "app", "create", "--name", "App", "--webhook-url", "https://planner.example/hooks", "--json")
        app = try created.text("client_app_id")
        user = .random()
        let outcome = try program.tokenContext(
            apiKey: created.text("api_key"), secret: created.text("api_secret"), mode: "sandbox", newUser: user)
        #expect(outcome == "ok")
        let made = try program.run("collector", "create", "--name", "Collector", "--json")
        (collector, key) = try (made.text("collector_id"), made.text("collector_key"))
    }

    /// The same for another user of the client app.
    init(_ other: Recording, user: WireFormats.UUID) throws {
        (program, app, self.user) = (other.program, other.app, user)
        (collector, key) = (other.collector, other.key)
        try program.database().execute(
            Statement("""
                INSERT INTO latchkey.users (client_app_id, id, mode, last_seen_on)
                VALUES ($1, $2, 'sandbox', current_date)
                """),
            .uuid(try #require(UUID(app))), .uuid(user))
    }

    private var hashes: Parameter {
        get throws {
            .byteArrays(try SecretHasher(keys: KeySet.load(fromFile: program.secretHashKeys)).hashes(of: key))
        }
    }

    private func outcome(_ statement: Statement, _ parameters: Parameter...) throws -> String? {
        let connection = try Connection(conninfo: program.cluster.conninfo(user: "latchkey_application"))
        return try connection.run(statement, parameters, deadline: .now + .seconds(10)).text(row: 0, column: 0)
    }

    /// - Returns: the outcome, such as `ok` or `disabled_collector`.
    func begin(_ retrieval: WireFormats.UUID, platform: String = "first-sandbox-bank") throws -> String? {
        try outcome(
            Statement("""
                SELECT outcome
                FROM latchkey_api.begin_retrieval($1, 'sandbox', $2, $3, $4, $5, 2020, 'test', NULL, NULL)
                """),
            hashes, .uuid(retrieval), .uuid(try #require(UUID(app))), .uuid(user), .text(platform))
    }

    /// Puts a file into the store, and its name into the database.
    func upload(_ file: String, content: StoredContent, to retrieval: WireFormats.UUID) throws {
        try content.store(in: program.documents)
        let outcome = try outcome(
            Statement("""
                SELECT latchkey_api.record_file($1, 'sandbox', $2, $3, $4, 'text/plain', 1, $5, 100, 1000000)
                """),
            hashes, .uuid(retrieval), .uuid(.random()), .text(file), .bytes(content.name))
        #expect(outcome == "ok")
    }

    /// A finished retrieval with one file for each content.
    @discardableResult
    func record(_ contents: StoredContent...) throws -> WireFormats.UUID {
        let retrieval = WireFormats.UUID.random()
        #expect(try begin(retrieval) == "ok")
        for (number, content) in contents.enumerated() {
            try upload("\(retrieval)-\(number).txt", content: content, to: retrieval)
        }
        #expect(try finish(retrieval) == "ok")
        return retrieval
    }

    func finish(_ retrieval: WireFormats.UUID) throws -> String? {
        try outcome(
            Statement("""
                SELECT outcome FROM latchkey_api.finish_retrieval($1, 'sandbox', $2, 'success', '{"a":1}', $3)
                """),
            hashes, .uuid(retrieval), .uuid(.random()))
    }
}

/// A file of the store, of one byte; its name is not made of it.
struct StoredContent {
    let name = (0..<32).map { _ in UInt8.random(in: 0...255) }

    private var text: String {
        name.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }

    private func file(in folder: URL) -> URL {
        folder.appending(path: String(text.prefix(2))).appending(path: text)
    }

    func store(in folder: URL) throws {
        let file = file(in: folder)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: file)
    }

    func isStored(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: file(in: folder).path)
    }
}

extension StoredContent {
    var contentName: ContentName {
        get throws { try #require(ContentName(name)) }
    }
}

extension Program {
    /// The store as the command opens it; nil where no setting names it.
    func store() throws -> ContentStore? {
        try environment["LATCHKEY_DOCUMENTS_FOLDER"].map { try ContentStore(folder: $0) }
    }
}
