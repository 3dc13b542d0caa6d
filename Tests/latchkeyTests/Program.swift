import Foundation
import JOSE
import LatchkeyCore
import PostgreSQL
import TestCluster
import Testing
import WireFormats

/// The command as an administrator runs it, on a cluster of the test's and with key files of its own.
final class Program {
    struct Run {
        let status: Int32
        let output: String
        let errors: String

        /// The answer to `--json`.
        var json: JSONObject {
            get throws { try JSONObject(parsing: Array(output.utf8)) }
        }

        func text(_ name: String) throws -> String {
            let value = try json[name]?.string
            return try #require(value, "no \(name) in \(output)\(errors)")
        }
    }

    let folder: URL
    private let running: TestCluster?
    var environment: [String: String]

    var cluster: TestCluster {
        get throws { try #require(running) }
    }

    var tokenKeys: String { folder.appending(path: "tokens.jwks").path }
    var secretHashKeys: String { folder.appending(path: "secret-hashes.jwks").path }
    var downloadKeys: String { folder.appending(path: "downloads.jwks").path }
    var webhookKeys: String { folder.appending(path: "webhooks.jwks").path }

    /// The store, which ``makeDocuments()`` makes.
    var documents: URL { folder.appending(path: "documents") }

    /// - Parameter makesKeys: all key files, without the command's help.
    init(makesKeys: Bool = true) throws {
        running = try? TestCluster.current
        folder = URL(filePath: "/tmp/latchkey-command-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let socket = running?.folder.path ?? "/nonexistent"
        // Nothing of whoever runs the tests but what programs and sanitizers need.
        environment = ProcessInfo.processInfo.environment
            .filter { $0.key == "PATH" || $0.key.hasSuffix("SAN_OPTIONS") }
            .merging([
                "LATCHKEY_DATABASE_URL": "postgresql://postgres@/postgres?host=\(socket)&port=5432",
                "LATCHKEY_KEYS_FILE": folder.appending(path: "tokens.jwks").path,
                "LATCHKEY_SECRET_HASH_KEYS_FILE": folder.appending(path: "secret-hashes.jwks").path,
                "LATCHKEY_DOWNLOAD_KEYS_FILE": folder.appending(path: "downloads.jwks").path,
                "LATCHKEY_WEBHOOK_KEYS_FILE": folder.appending(path: "webhooks.jwks").path,
            ]) { $1 }
        if makesKeys {
            for file in [tokenKeys, secretHashKeys, downloadKeys, webhookKeys] {
                try KeySet.generateHS256(kid: try #require(KeyID("first"))).save(toFile: file)
            }
        }
    }

    /// Makes the store's folder and tells the command of it.
    func makeDocuments() throws {
        try FileManager.default.createDirectory(at: documents, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o2750], ofItemAtPath: documents.path)
        environment["LATCHKEY_DOCUMENTS_FOLDER"] = documents.path
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// It lies beside the program that runs the tests.
    private static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "latchkey")

    @discardableResult
    func run(_ arguments: String..., input: String = "") throws -> Run {
        try run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String = "") throws -> Run {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = folder
        let streams = try ["input", "output", "errors"].map { name in
            let file = folder.appending(path: "\(name)-\(UInt32.random(in: 0...UInt32.max))")
            try Data(name == "input" ? input.utf8 : "".utf8).write(to: file)
            return file
        }
        defer { for file in streams { try? FileManager.default.removeItem(at: file) } }
        process.standardInput = try FileHandle(forReadingFrom: streams[0])
        process.standardOutput = try FileHandle(forWritingTo: streams[1])
        process.standardError = try FileHandle(forWritingTo: streams[2])
        try process.run()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, output: try String(contentsOf: streams[1], encoding: .utf8),
            errors: try String(contentsOf: streams[2], encoding: .utf8))
    }

    /// The database as its superuser, to look behind the command.
    func database() throws -> Connection {
        try Connection(conninfo: cluster.conninfo())
    }

    /// What the responder would be told of these credentials.
    func tokenContext(
        apiKey: String, secret: String, mode: String = "production", newUser: WireFormats.UUID = .random()
    ) throws -> String? {
        let keys = try KeySet.load(fromFile: secretHashKeys)
        let connection = try Connection(conninfo: cluster.conninfo(user: "latchkey_application"))
        let result = try connection.run(
            Statement("SELECT outcome FROM latchkey_api.token_context($1, $2, $3, NULL, $4, NULL, 'test')"),
            [
                .text(mode), .uuid(try #require(UUID(apiKey))),
                .byteArrays(try SecretHasher(keys: keys).hashes(of: secret)), .uuid(newUser),
            ], deadline: .now + .seconds(10))
        return try result.text(row: 0, column: 0)
    }

    /// The database as the command has it.
    func administration() throws -> Administration {
        let administration = Administration(
            conninfo: try Conninfo(cluster.conninfo(), applicationName: "latchkey"), actor: "tester")
        try administration.open()
        return administration
    }

    /// One number of the database.
    func count(_ statement: Statement, _ parameters: Parameter...) throws -> Int64? {
        try database().run(statement, parameters, deadline: .now + .seconds(10)).integer(row: 0, column: 0)
    }

    /// The acts on an object, with their actors: `app.create by root`.
    func acts(on object: String) throws -> [String] {
        let result = try database().run(
            Statement("SELECT act || ' by ' || actor FROM latchkey.audit_log WHERE object = $1 ORDER BY acted_at"),
            [.text(object)], deadline: .now + .seconds(10))
        return try (0..<result.rowCount).compactMap { row in try result.text(row: row, column: 0) }
    }

    /// A token as the responder makes them.
    func token(
        app: String, user: String, id: String = .randomTokenID(), issued: Int64 = .now, lifetime: Int64 = 3600,
        keys: KeySet? = nil
    ) throws -> String {
        let signer = try Signer(key: try (keys ?? KeySet.load(fromFile: tokenKeys)).current)
        let claims = """
            {"token_type":"access","exp":\(issued + lifetime),"iat":\(issued),"jti":"\(id)","client_app_id":"\(app)",\
            "taiki_user_id":"\(user)","mode":"production"}
            """
        return String(decoding: try signer.sign(claims: Array(claims.utf8)), as: UTF8.self)
    }
}

extension WireFormats.UUID {
    static func random() -> Self { Self(high: .random(in: 0...UInt64.max), low: .random(in: 0...UInt64.max)) }
}

extension String {
    static func randomTokenID() -> String { String((0..<32).map { _ in "0123456789abcdef".randomElement() ?? "0" }) }
}

extension Int64 {
    static var now: Int64 { Int64(Date.now.timeIntervalSince1970) }
}
