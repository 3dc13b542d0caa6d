internal import FoundationEssentials
public import Logging
internal import PostgreSQL

/// What the operator decided, checked as far as that is possible without starting.
public struct Settings: Sendable {
    public var verifySocket: String?
    public var databaseSocket: String?
    public var socketGroup: String?
    /// Users whose processes may connect, besides root and our own.
    public var peerUsers: [String]
    /// Processes that serve side by side; with more than one, another keeps them running.
    public var instances: Int
    /// Of each instance.
    public var verifyWorkers: Int
    /// Of each instance.
    public var databaseWorkers: Int
    public var socketTimeout: Duration
    /// How long a request may have waited for a worker.
    public var longestWait: Duration
    /// Has no password in it.
    public var databaseConninfo: String
    public var databaseDeadline: Duration
    public var keysFile: String
    public var secretHashKeysFile: String
    /// Known weak secrets, one a line: a token key among them is refused.
    public var weakSecretsFile: String?
    public var leeway: Duration
    public var staleAfter: Duration
    public var poll: Duration
    public var drain: Duration
    public var logLevel: Logger.Level

    /// Every setting of latchkeyd, and those of the `latchkey` command that may stand in the same file.
    private static let names: Set<String> = [
        "LATCHKEY_VERIFY_SOCKET", "LATCHKEY_DATABASE_SOCKET", "LATCHKEY_SOCKET_GROUP", "LATCHKEY_PEER_USERS",
        "LATCHKEY_INSTANCES", "LATCHKEY_VERIFY_WORKERS", "LATCHKEY_DATABASE_WORKERS", "LATCHKEY_SOCKET_TIMEOUT_SECONDS",
        "LATCHKEY_QUEUE_MILLISECONDS",
        "LATCHKEY_DATABASE_CONNINFO", "LATCHKEY_DATABASE_DEADLINE_MILLISECONDS", "LATCHKEY_KEYS_FILE",
        "LATCHKEY_SECRET_HASH_KEYS_FILE", "LATCHKEY_WEAK_SECRETS_FILE", "LATCHKEY_LEEWAY_SECONDS",
        "LATCHKEY_STALE_SECONDS", "LATCHKEY_POLL_MILLISECONDS", "LATCHKEY_DRAIN_SECONDS", "LATCHKEY_LOG_LEVEL",
        "LATCHKEY_DATABASE_URL", "LATCHKEY_NGINX_CONFIG",
    ]

    /// Reads the settings.
    ///
    /// - Parameter file: a file of `NAME=value` lines; the environment wins over it.
    /// - Returns: the settings, and a sentence for each mistake. With a mistake they are not to be used.
    public static func read(
        environment: [String: String], file: String?
    ) -> (settings: Settings, mistakes: [String]) {
        var source = SettingsSource(environment: environment, file: file, known: names)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let instances = source.integer("LATCHKEY_INSTANCES", default: 2, in: 1...64)
        var settings = Settings(
            verifySocket: source.text("LATCHKEY_VERIFY_SOCKET"),
            databaseSocket: source.text("LATCHKEY_DATABASE_SOCKET"),
            socketGroup: source.text("LATCHKEY_SOCKET_GROUP"),
            peerUsers: (source.text("LATCHKEY_PEER_USERS") ?? "www-data").split(separator: ",")
                .map { String($0.filter { !$0.isWhitespace }) },
            instances: instances,
            // About one for each core, all instances together.
            verifyWorkers: source.integer(
                "LATCHKEY_VERIFY_WORKERS", default: (cores + instances - 1) / instances, in: 1...256),
            databaseWorkers: source.integer("LATCHKEY_DATABASE_WORKERS", default: 4, in: 1...256),
            socketTimeout: .seconds(source.integer("LATCHKEY_SOCKET_TIMEOUT_SECONDS", default: 10, in: 1...300)),
            // A restart takes less, and a client has still heard within 2 s.
            longestWait: .milliseconds(source.integer("LATCHKEY_QUEUE_MILLISECONDS", default: 1000, in: 10...10_000)),
            databaseConninfo: source.required(
                "LATCHKEY_DATABASE_CONNINFO", "how libpq reaches the database, such as `host=/run/postgresql "
                    + "dbname=latchkey user=latchkey_application`"),
            // Less than the 2 s within which a client is to hear that the database is away.
            databaseDeadline: .milliseconds(
                source.integer("LATCHKEY_DATABASE_DEADLINE_MILLISECONDS", default: 1800, in: 100...60_000)),
            keysFile: source.required(
                "LATCHKEY_KEYS_FILE", "the file of the token keys; `latchkey key generate` makes it"),
            secretHashKeysFile: source.required(
                "LATCHKEY_SECRET_HASH_KEYS_FILE",
                "the file of the keys under which API secrets are hashed; "
                    + "`latchkey key generate --purpose secret-hash` makes it"),
            weakSecretsFile: source.text("LATCHKEY_WEAK_SECRETS_FILE"),
            leeway: .seconds(source.integer("LATCHKEY_LEEWAY_SECONDS", default: 0, in: 0...60)),
            staleAfter: .seconds(source.integer("LATCHKEY_STALE_SECONDS", default: 30, in: 1...3600)),
            // Changes are to be seen within 1 s even where a notification was lost.
            poll: .milliseconds(source.integer("LATCHKEY_POLL_MILLISECONDS", default: 500, in: 50...10_000)),
            drain: .seconds(source.integer("LATCHKEY_DRAIN_SECONDS", default: 10, in: 1...300)),
            logLevel: .info)
        if let name = source.text("LATCHKEY_LOG_LEVEL") {
            if let level = Logger.Level(rawValue: name) {
                settings.logLevel = level
            } else {
                source.add("LATCHKEY_LOG_LEVEL must be one of "
                    + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
            }
        }
        settings.check(&source)
        return (settings, source.mistakes)
    }

    private mutating func check(_ source: inout SettingsSource) {
        if !databaseConninfo.isEmpty {
            do throws(DatabaseError) {
                _ = try Conninfo(databaseConninfo)
            } catch {
                source.add("LATCHKEY_DATABASE_CONNINFO: \(error.serverMessage ?? error.description)")
                // It may hold a password, and what is understood is printed.
                databaseConninfo = ""
            }
        }
        for name in peerUsers where userID(named: name) == nil {
            source.add("LATCHKEY_PEER_USERS names \(name): there is no such user")
        }
        if let socketGroup, !groupExists(socketGroup) {
            source.add("LATCHKEY_SOCKET_GROUP is \(socketGroup): there is no such group")
        }
        if let verifySocket, verifySocket == databaseSocket {
            source.add("LATCHKEY_VERIFY_SOCKET and LATCHKEY_DATABASE_SOCKET must be two sockets")
        }
    }

    /// The settings as they were understood, in the form of the file. There is no secret among them.
    public var text: String {
        let lines: [(String, String?)] = [
            ("LATCHKEY_VERIFY_SOCKET", verifySocket),
            ("LATCHKEY_DATABASE_SOCKET", databaseSocket),
            ("LATCHKEY_SOCKET_GROUP", socketGroup),
            ("LATCHKEY_PEER_USERS", peerUsers.joined(separator: ",")),
            ("LATCHKEY_INSTANCES", "\(instances)"),
            ("LATCHKEY_VERIFY_WORKERS", "\(verifyWorkers)"),
            ("LATCHKEY_DATABASE_WORKERS", "\(databaseWorkers)"),
            ("LATCHKEY_SOCKET_TIMEOUT_SECONDS", "\(socketTimeout.components.seconds)"),
            ("LATCHKEY_QUEUE_MILLISECONDS", "\(Int(longestWait / .milliseconds(1)))"),
            ("LATCHKEY_DATABASE_CONNINFO", databaseConninfo),
            ("LATCHKEY_DATABASE_DEADLINE_MILLISECONDS", "\(Int(databaseDeadline / .milliseconds(1)))"),
            ("LATCHKEY_KEYS_FILE", keysFile),
            ("LATCHKEY_SECRET_HASH_KEYS_FILE", secretHashKeysFile),
            ("LATCHKEY_WEAK_SECRETS_FILE", weakSecretsFile),
            ("LATCHKEY_LEEWAY_SECONDS", "\(leeway.components.seconds)"),
            ("LATCHKEY_STALE_SECONDS", "\(staleAfter.components.seconds)"),
            ("LATCHKEY_POLL_MILLISECONDS", "\(Int(poll / .milliseconds(1)))"),
            ("LATCHKEY_DRAIN_SECONDS", "\(drain.components.seconds)"),
            ("LATCHKEY_LOG_LEVEL", logLevel.rawValue),
        ]
        return lines.map { name, value in value.map { "\(name)=\($0)\n" } ?? "# \(name) is not set\n" }.joined()
    }
}
