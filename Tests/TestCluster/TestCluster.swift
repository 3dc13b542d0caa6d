public import Foundation

/// A private PostgreSQL cluster in a fresh folder, reachable through a Unix socket in it and nothing else.
///
/// PostgreSQL refuses to run as root; then the cluster belongs to the user `postgres`.
public struct TestCluster: Sendable {
    public let folder: URL
    private let binaries: URL

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The server's programs, nil where no server is installed.
    public static let binaries: URL? = {
        let versions = URL(filePath: "/usr/lib/postgresql")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: versions.path)) ?? []
        return names.compactMap(Int.init).max().map { versions.appending(path: "\($0)/bin") }
    }()

    /// Makes a cluster; it is not started yet.
    public init() throws {
        guard let binaries = Self.binaries else { throw Failure(description: "no PostgreSQL server is installed") }
        self.binaries = binaries
        // Short, for a socket's path may have 107 bytes at most.
        folder = URL(filePath: "/tmp/latchkey-test-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        if geteuid() == 0 {
            try FileManager.default.setAttributes([.ownerAccountName: "postgres"], ofItemAtPath: folder.path)
        }
        try run(
            "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--no-sync", "--encoding", "UTF8",
            "--no-locale")
        try configure("""
            listen_addresses = ''
            unix_socket_directories = '\(folder.path)'
            fsync = off
            shared_buffers = 16MB
            max_connections = 40
            """)
    }

    private var data: String { folder.appending(path: "data").path }
    private var log: URL { folder.appending(path: "log") }

    /// Appends lines to postgresql.conf.
    public func configure(_ lines: String) throws {
        let file = try FileHandle(forUpdating: folder.appending(path: "data/postgresql.conf"))
        try file.seekToEnd()
        try file.write(contentsOf: Data("\n\(lines)\n".utf8))
        try file.close()
    }

    /// - Parameter waits: for the server to accept connections.
    public func start(waits: Bool = true) throws {
        // Not by pg_ctl: Foundation believes that a program runs until all that it left behind has ended too.
        // Stopped also when the tests crash, by somebody who watches both (an ended process has no executable).
        let watched = """
            (while [ -e /proc/$0 ] && [ -e /proc/$$/exe ]; do sleep 1; done; kill -INT $$ 2>/dev/null) & exec "$@"
            """
        let server = try launch(
            ["sh", "-c", watched, "\(getpid())", binaries.appending(path: "postgres").path, "-D", data], output: log)
        for _ in 1...600 where waits {
            guard server.isRunning else { break }
            if (try? run("pg_isready", "--quiet", "--host", folder.path)) != nil { return }
            usleep(20_000)
        }
        guard !waits else { throw Failure(description: "no server: \(try String(contentsOf: log, encoding: .utf8))") }
    }

    public func stop(mode: String = "fast") throws {
        try run("pg_ctl", "stop", "--pgdata", data, "--silent", "--mode", mode)
    }

    /// Stops the server and removes all of it.
    public func remove() {
        try? stop(mode: "immediate")
        try? FileManager.default.removeItem(at: folder)
    }

    /// A conninfo for this cluster and no other, whatever the environment says.
    public func conninfo(user: String = "postgres", database: String = "postgres") -> String {
        "host=\(folder.path) port=5432 user=\(user) dbname=\(database)"
    }

    /// Runs the migrations of the checkout in their order, as a DBA without sqitch would.
    public func migrate(database: String = "postgres") throws {
        let folder = URL(filePath: #filePath).appending(path: "../../../migrations").standardized
        let plan = try String(contentsOf: folder.appending(path: "sqitch.plan"), encoding: .utf8)
        let changes = plan.split(separator: "\n").filter { !$0.hasPrefix("%") }
            .compactMap { $0.split(separator: " ").first }
        // They may lie where the cluster's user cannot read.
        let copies = self.folder.appending(path: "migrations-\(database)")
        try FileManager.default.copyItem(at: folder.appending(path: "deploy"), to: copies)
        for change in changes {
            try run(
                "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host", self.folder.path, "--username",
                "postgres", "--dbname", database, "--file", copies.appending(path: "\(change).sql").path)
        }
    }

    /// Runs one of the server's programs as the cluster's user, to its end.
    /// - Returns: what it wrote on both its outputs.
    @discardableResult
    public func run(_ program: String, _ arguments: String...) throws -> String {
        let output = folder.appending(path: "output-\(UInt32.random(in: 0...UInt32.max))")
        defer { try? FileManager.default.removeItem(at: output) }
        let process = try launch([binaries.appending(path: program).path] + arguments, output: output)
        process.waitUntilExit()
        let text = try String(contentsOf: output, encoding: .utf8)
        guard process.terminationStatus == 0 else { throw Failure(description: "\(program) failed: \(text)") }
        return text
    }

    private func launch(_ words: [String], output: URL) throws -> Process {
        let asOwner = geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = asOwner + words
        process.currentDirectoryURL = folder
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let handle = try FileHandle(forWritingTo: output)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }
}
