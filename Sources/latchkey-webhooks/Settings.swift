import LatchkeyServer
import Logging

/// What the operator decided, checked as far as that is possible without starting.
struct Settings {
    /// Has no password in it.
    var databaseConninfo: String
    var webhookKeysFile: String
    var downloadKeysFile: String
    var productionURL: String
    var sandboxURL: String
    var allowedNetworks: WebhookNetworks
    /// Roots besides the system's.
    var certificatesFile: String?
    var concurrency: Int
    var perApp: Int
    var logLevel: Logger.Level

    private static let names: Set<String> = [
        "LATCHKEY_WEBHOOK_DATABASE_CONNINFO", "LATCHKEY_WEBHOOK_KEYS_FILE", "LATCHKEY_DOWNLOAD_KEYS_FILE",
        "LATCHKEY_PRODUCTION_URL", "LATCHKEY_SANDBOX_URL", "LATCHKEY_WEBHOOK_ALLOWED_NETWORKS",
        "LATCHKEY_WEBHOOK_CA_FILE", "LATCHKEY_WEBHOOK_CONCURRENCY", "LATCHKEY_WEBHOOK_PER_APP", "LATCHKEY_LOG_LEVEL",
    ]

    /// Reads the settings; see `LatchkeyServer.Settings`, whose names may stand in the same file.
    static func read(environment: [String: String], file: String?) -> (settings: Settings, mistakes: [String]) {
        var source = SettingsSource(
            environment: environment, file: file, known: names.union(LatchkeyServer.Settings.names))
        let settings = Settings(
            databaseConninfo: source.conninfo(
                "LATCHKEY_WEBHOOK_DATABASE_CONNINFO", "how libpq reaches the database, such as "
                    + "`host=/run/postgresql dbname=latchkey user=latchkey_webhooks`"),
            webhookKeysFile: source.required(
                "LATCHKEY_WEBHOOK_KEYS_FILE", "the file of the keys that webhook secrets are derived from; "
                    + "`latchkey key generate --purpose webhook` makes it"),
            downloadKeysFile: source.required(
                "LATCHKEY_DOWNLOAD_KEYS_FILE", "the file of the keys that sign download links; "
                    + "`latchkey key generate --purpose download` makes it"),
            productionURL: source.baseURL("LATCHKEY_PRODUCTION_URL", "what download links begin with"),
            sandboxURL: source.baseURL("LATCHKEY_SANDBOX_URL", "what download links of the sandbox begin with"),
            allowedNetworks: source.allowedNetworks(),
            certificatesFile: source.text("LATCHKEY_WEBHOOK_CA_FILE"),
            concurrency: source.integer("LATCHKEY_WEBHOOK_CONCURRENCY", default: 64, in: 1...1024),
            perApp: source.integer("LATCHKEY_WEBHOOK_PER_APP", default: 4, in: 1...1024),
            logLevel: source.logLevel())
        return (settings, source.mistakes)
    }

    /// The settings as they were understood, in the form of the file. There is no secret among them.
    var text: String {
        let lines: [(String, String?)] = [
            ("LATCHKEY_WEBHOOK_DATABASE_CONNINFO", databaseConninfo),
            ("LATCHKEY_WEBHOOK_KEYS_FILE", webhookKeysFile),
            ("LATCHKEY_DOWNLOAD_KEYS_FILE", downloadKeysFile),
            ("LATCHKEY_PRODUCTION_URL", productionURL),
            ("LATCHKEY_SANDBOX_URL", sandboxURL),
            ("LATCHKEY_WEBHOOK_ALLOWED_NETWORKS", allowedNetworks.text),
            ("LATCHKEY_WEBHOOK_CA_FILE", certificatesFile),
            ("LATCHKEY_WEBHOOK_CONCURRENCY", "\(concurrency)"),
            ("LATCHKEY_WEBHOOK_PER_APP", "\(perApp)"),
            ("LATCHKEY_LOG_LEVEL", logLevel.rawValue),
        ]
        return lines.map { name, value in value.map { "\(name)=\($0)\n" } ?? "# \(name) is not set\n" }.joined()
    }
}
