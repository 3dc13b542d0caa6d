internal import FoundationEssentials
public import LatchkeyCore
public import Logging

/// What the operator decided, checked as far as that is possible without starting.
public struct Settings: Sendable {
    public var verifySocket: String?
    public var databaseSocket: String?
    public var uploadSocket: String?
    public var socketGroup: String?
    /// Users whose processes may connect, besides root and our own.
    public var peerUsers: [String]
    /// Processes that serve side by side; with more than one, another keeps them running.
    public var instances: Int
    /// Of each instance.
    public var verifyWorkers: Int
    /// Of each instance.
    public var databaseWorkers: Int
    /// Of each instance.
    public var uploadWorkers: Int
    public var socketTimeout: Duration
    /// How long a request may have waited for a worker.
    public var longestWait: Duration
    /// Has no password in it.
    public var databaseConninfo: String
    public var databaseDeadline: Duration
    public var keysFile: String
    public var secretHashKeysFile: String
    public var downloadKeysFile: String
    /// Known weak secrets, one a line: a token key among them is refused.
    public var weakSecretsFile: String?
    /// Where the contents of documents are.
    public var documentsFolder: String
    /// What the URLs begin with that are handed out, without a slash at the end.
    public var productionURL: String
    public var sandboxURL: String
    public var retrievalQuota: Retrieval.Quota
    public var allowedNetworks: WebhookNetworks
    public var leeway: Duration
    public var staleAfter: Duration
    public var poll: Duration
    public var drain: Duration
    public var logLevel: Logger.Level

    /// Every setting of latchkeyd, and those of the other programs that may stand in the same file.
    package static let names: Set<String> = [
        "LATCHKEY_VERIFY_SOCKET", "LATCHKEY_DATABASE_SOCKET", "LATCHKEY_UPLOAD_SOCKET", "LATCHKEY_SOCKET_GROUP",
        "LATCHKEY_PEER_USERS", "LATCHKEY_INSTANCES", "LATCHKEY_VERIFY_WORKERS", "LATCHKEY_DATABASE_WORKERS",
        "LATCHKEY_UPLOAD_WORKERS", "LATCHKEY_SOCKET_TIMEOUT_SECONDS", "LATCHKEY_QUEUE_MILLISECONDS",
        "LATCHKEY_DATABASE_CONNINFO", "LATCHKEY_DATABASE_DEADLINE_MILLISECONDS", "LATCHKEY_KEYS_FILE",
        "LATCHKEY_SECRET_HASH_KEYS_FILE", "LATCHKEY_DOWNLOAD_KEYS_FILE", "LATCHKEY_WEAK_SECRETS_FILE",
        "LATCHKEY_DOCUMENTS_FOLDER", "LATCHKEY_PRODUCTION_URL", "LATCHKEY_SANDBOX_URL", "LATCHKEY_RETRIEVAL_FILES",
        "LATCHKEY_RETRIEVAL_MEBIBYTES", "LATCHKEY_WEBHOOK_ALLOWED_NETWORKS", "LATCHKEY_LEEWAY_SECONDS",
        "LATCHKEY_STALE_SECONDS", "LATCHKEY_POLL_MILLISECONDS", "LATCHKEY_DRAIN_SECONDS", "LATCHKEY_LOG_LEVEL",
        // The command `latchkey`.
        "LATCHKEY_DATABASE_URL", "LATCHKEY_NGINX_CONFIG", "LATCHKEY_ABANDON_HOURS", "LATCHKEY_KEEP_DELIVERIES_DAYS",
        "LATCHKEY_KEEP_RETRIEVALS_DAYS", "LATCHKEY_KEEP_AUDIT_MONTHS",
        // The program `latchkey-webhooks`.
        "LATCHKEY_WEBHOOK_DATABASE_CONNINFO", "LATCHKEY_WEBHOOK_KEYS_FILE", "LATCHKEY_WEBHOOK_CA_FILE",
        "LATCHKEY_WEBHOOK_CONCURRENCY", "LATCHKEY_WEBHOOK_PER_APP",
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
        let settings = Settings(
            verifySocket: source.text("LATCHKEY_VERIFY_SOCKET"),
            databaseSocket: source.text("LATCHKEY_DATABASE_SOCKET"),
            uploadSocket: source.text("LATCHKEY_UPLOAD_SOCKET"),
            socketGroup: source.text("LATCHKEY_SOCKET_GROUP"),
            peerUsers: (source.text("LATCHKEY_PEER_USERS") ?? "www-data").split(separator: ",")
                .map { String($0.filter { !$0.isWhitespace }) },
            instances: instances,
            // About one for each core, all instances together.
            verifyWorkers: source.integer(
                "LATCHKEY_VERIFY_WORKERS", default: (cores + instances - 1) / instances, in: 1...256),
            databaseWorkers: source.integer("LATCHKEY_DATABASE_WORKERS", default: 4, in: 1...256),
            uploadWorkers: source.integer("LATCHKEY_UPLOAD_WORKERS", default: 3, in: 1...256),
            socketTimeout: .seconds(source.integer("LATCHKEY_SOCKET_TIMEOUT_SECONDS", default: 10, in: 1...300)),
            // A restart takes less, and a client has still heard within 2 s.
            longestWait: .milliseconds(source.integer("LATCHKEY_QUEUE_MILLISECONDS", default: 1000, in: 10...10_000)),
            databaseConninfo: source.conninfo(
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
            downloadKeysFile: source.required(
                "LATCHKEY_DOWNLOAD_KEYS_FILE",
                "the file of the keys that sign download links; `latchkey key generate --purpose download` makes it"),
            weakSecretsFile: source.text("LATCHKEY_WEAK_SECRETS_FILE"),
            documentsFolder: source.required(
                "LATCHKEY_DOCUMENTS_FOLDER", "the folder of the documents, such as /var/lib/latchkey/documents"),
            productionURL: source.baseURL(
                "LATCHKEY_PRODUCTION_URL", "the base URL of production, such as https://api.example.com"),
            sandboxURL: source.baseURL(
                "LATCHKEY_SANDBOX_URL", "the base URL of the sandbox, such as https://sandbox.example.com"),
            retrievalQuota: Retrieval.Quota(
                files: source.integer("LATCHKEY_RETRIEVAL_FILES", default: 100, in: 1...10_000),
                bytes: source.integer("LATCHKEY_RETRIEVAL_MEBIBYTES", default: 500, in: 1...1_000_000) << 20),
            allowedNetworks: source.allowedNetworks(),
            leeway: .seconds(source.integer("LATCHKEY_LEEWAY_SECONDS", default: 0, in: 0...60)),
            staleAfter: .seconds(source.integer("LATCHKEY_STALE_SECONDS", default: 30, in: 1...3600)),
            // Changes are to be seen within 1 s even where a notification was lost.
            poll: .milliseconds(source.integer("LATCHKEY_POLL_MILLISECONDS", default: 500, in: 50...10_000)),
            drain: .seconds(source.integer("LATCHKEY_DRAIN_SECONDS", default: 10, in: 1...300)),
            logLevel: source.logLevel())
        settings.check(&source)
        return (settings, source.mistakes)
    }

    private func check(_ source: inout SettingsSource) {
        for name in peerUsers where userID(named: name) == nil {
            source.add("LATCHKEY_PEER_USERS names \(name): there is no such user")
        }
        if let socketGroup, !groupExists(socketGroup) {
            source.add("LATCHKEY_SOCKET_GROUP is \(socketGroup): there is no such group")
        }
        let sockets = [
            ("LATCHKEY_VERIFY_SOCKET", verifySocket), ("LATCHKEY_DATABASE_SOCKET", databaseSocket),
            ("LATCHKEY_UPLOAD_SOCKET", uploadSocket),
        ]
        for (index, (name, path)) in sockets.enumerated() {
            for (other, otherPath) in sockets[(index + 1)...] where path != nil && path == otherPath {
                source.add("\(name) and \(other) must be two sockets")
            }
        }
    }

    /// The settings as they were understood, in the form of the file. There is no secret among them.
    public var text: String {
        let lines: [(String, String?)] = [
            ("LATCHKEY_VERIFY_SOCKET", verifySocket),
            ("LATCHKEY_DATABASE_SOCKET", databaseSocket),
            ("LATCHKEY_UPLOAD_SOCKET", uploadSocket),
            ("LATCHKEY_SOCKET_GROUP", socketGroup),
            ("LATCHKEY_PEER_USERS", peerUsers.joined(separator: ",")),
            ("LATCHKEY_INSTANCES", "\(instances)"),
            ("LATCHKEY_VERIFY_WORKERS", "\(verifyWorkers)"),
            ("LATCHKEY_DATABASE_WORKERS", "\(databaseWorkers)"),
            ("LATCHKEY_UPLOAD_WORKERS", "\(uploadWorkers)"),
            ("LATCHKEY_SOCKET_TIMEOUT_SECONDS", "\(socketTimeout.components.seconds)"),
            ("LATCHKEY_QUEUE_MILLISECONDS", "\(Int(longestWait / .milliseconds(1)))"),
            ("LATCHKEY_DATABASE_CONNINFO", databaseConninfo),
            ("LATCHKEY_DATABASE_DEADLINE_MILLISECONDS", "\(Int(databaseDeadline / .milliseconds(1)))"),
            ("LATCHKEY_KEYS_FILE", keysFile),
            ("LATCHKEY_SECRET_HASH_KEYS_FILE", secretHashKeysFile),
            ("LATCHKEY_DOWNLOAD_KEYS_FILE", downloadKeysFile),
            ("LATCHKEY_WEAK_SECRETS_FILE", weakSecretsFile),
            ("LATCHKEY_DOCUMENTS_FOLDER", documentsFolder),
            ("LATCHKEY_PRODUCTION_URL", productionURL),
            ("LATCHKEY_SANDBOX_URL", sandboxURL),
            ("LATCHKEY_RETRIEVAL_FILES", "\(retrievalQuota.files)"),
            ("LATCHKEY_RETRIEVAL_MEBIBYTES", "\(retrievalQuota.bytes >> 20)"),
            ("LATCHKEY_WEBHOOK_ALLOWED_NETWORKS", allowedNetworks.text),
            ("LATCHKEY_LEEWAY_SECONDS", "\(leeway.components.seconds)"),
            ("LATCHKEY_STALE_SECONDS", "\(staleAfter.components.seconds)"),
            ("LATCHKEY_POLL_MILLISECONDS", "\(Int(poll / .milliseconds(1)))"),
            ("LATCHKEY_DRAIN_SECONDS", "\(drain.components.seconds)"),
            ("LATCHKEY_LOG_LEVEL", logLevel.rawValue),
        ]
        return lines.map { name, value in value.map { "\(name)=\($0)\n" } ?? "# \(name) is not set\n" }.joined()
    }
}
