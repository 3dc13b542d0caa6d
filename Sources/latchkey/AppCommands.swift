import ArgumentParser
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

struct AppCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app",
        abstract: "Client apps: the organisations' applications that ask for tokens, and the origins of their pages.",
        subcommands: [
            Create.self, List.self, Show.self, Disable.self, Enable.self, OriginCommands.self,
        ])
}

extension AppCommands {
    struct Create: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a client app and shows its API key and secret, the secret only this once.",
            discussion: """
                With a webhook URL it also makes and shows a webhook secret, if \
                LATCHKEY_WEBHOOK_KEYS_FILE is set; `latchkey webhook secret` makes one later.

                EXAMPLES
                  latchkey app create --name 'Tax Planner'
                  latchkey app create --name 'Tax Planner, tests' --sandbox-only --json
                """)

        @Option(help: "What people call it, 1 to 200 characters.")
        var name: String

        @Option(help: .init("The organisation's own id, 1 to 255 characters.", valueName: "id"))
        var organisationId: String?

        @Option(help: .init("Where events of its users are posted, http or https.", valueName: "url"))
        var webhookUrl: String?

        @Flag(help: "Its API key works in the sandbox alone.")
        var sandboxOnly = false

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            try WebhookURL.check(webhookUrl)
            let environment = Environment.live
            let hasher = try SecretHasher(keys: try settings.keys(.secretHash))
            let app = ClientApp.Registration(
                id: ClientApp.ID(try environment.newUUID()), name: name, organisationID: organisationId,
                webhookURL: webhookUrl, apiKey: try environment.newUUID(), sandboxOnly: sandboxOnly)
            let secret = try APISecret.generate(sandboxOnly: sandboxOnly)
            let signsWebhooks = webhookUrl != nil && settings[KeyPurpose.webhook.setting] != nil
            let webhookKeys = try signsWebhooks ? settings.keys(.webhook) : nil
            let administration = try settings.administration()
            try administration.register(
                app, secret: try StoredSecret(secret, hasher: hasher, environment: environment))
            // From here on the API secret is in use: it must be shown, even if the database goes away now.
            let webhookSecret = webhookKeys.map { keys in
                Result {
                    try NewWebhookSecret.make(for: app.id, keys: keys, overlap: .zero, in: administration)
                }.mapError { Self.failure($0) }
            }
            return Created(app: app, secret: secret, webhookSecret: webhookSecret)
        }
    }

    struct Created: Answer {
        let app: ClientApp.Registration
        let secret: APISecret
        /// nil where none was to be made.
        let webhookSecret: Result<NewWebhookSecret, Failure>?

        private var madeWebhookSecret: WebhookSecret? { try? webhookSecret?.get().secret }

        private var webhookFailure: Failure? {
            guard case .failure(let failure) = webhookSecret else { return nil }
            return failure
        }

        var status: ExitStatus { webhookFailure?.status ?? .done }

        var text: String {
            aligned([
                ("client app", app.id.uuid.description), ("name", app.name), ("organisation", app.organisationID),
                ("webhook", app.webhookURL), ("works in", app.sandboxOnly ? "sandbox" : "production and sandbox"),
                ("API key", app.apiKey.description), ("API secret", secret.text),
                ("webhook secret", madeWebhookSecret?.text ?? webhookFailure.map { "not made: \($0.message)" }),
            ]) + "\n\nThe secret is shown only now. It is not stored: keep it where the client app reads it."
                + (madeWebhookSecret == nil ? "" : "\n" + NewWebhookSecret.advice)
                + (webhookFailure == nil ? "" : "\nHINT: `latchkey webhook secret \(app.id.uuid)` makes the other one.")
        }

        func write(to json: inout JSONWriter) {
            json.member("client_app_id", app.id.uuid)
            json.member("name", app.name)
            json.member("organisation_id", app.organisationID)
            json.member("webhook_url", app.webhookURL)
            json.member("sandbox_only", app.sandboxOnly)
            json.member("api_key", app.apiKey)
            json.member("api_secret", secret.text)
            json.member("webhook_secret", madeWebhookSecret?.text)
        }
    }

    struct List: AnsweringCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all client apps, the oldest first.")

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            Listed(apps: try settings.administration().clientApps())
        }
    }

    struct Listed: Answer {
        let apps: [ClientApp.Record]

        var text: String {
            guard !apps.isEmpty else { return "There is no client app yet: `latchkey app create` makes one." }
            return table(
                ["CLIENT APP", "STATE", "CREATED", "NAME"],
                apps.map { [$0.id.uuid.description, $0.state, $0.createdAt.rfc3339, $0.name] })
        }

        func write(to json: inout JSONWriter) {
            json.beginArray("client_apps")
            for app in apps {
                json.beginObject()
                app.writeMembers(to: &json)
                json.endObject()
            }
            json.endArray()
        }
    }

    struct Show: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a client app, its origins, its API keys and the beginnings of their secrets.")

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let administration = try settings.administration()
            guard let app = try administration.clientApp(clientApp) else { throw Failure.noClientApp(clientApp) }
            return Shown(
                app: app, origins: try administration.origins(of: clientApp),
                credentials: try administration.credentials(of: clientApp),
                webhookSecrets: try administration.webhookSecrets(of: clientApp), now: Environment.live.now)
        }
    }

    struct Shown: Answer {
        let app: ClientApp.Record
        let origins: [String]
        let credentials: [Credential]
        let webhookSecrets: [WebhookSecretRecord]
        let now: UnixTime

        var text: String {
            let heading = aligned([
                ("client app", app.id.uuid.description), ("name", app.name), ("state", app.state),
                ("organisation", app.organisationID), ("webhook", app.webhookURL),
                ("origins", origins.isEmpty ? nil : origins.joined(separator: " ")),
                ("created", app.createdAt.rfc3339), ("disabled", app.disabledAt?.rfc3339),
            ])
            return ([heading] + credentials.map(text) + [webhookText].compactMap { $0 }).joined(separator: "\n\n")
        }

        private var webhookText: String? {
            guard !webhookSecrets.isEmpty else { return nil }
            return table(
                ["WEBHOOK SECRET", "KEY", "CREATED", "SIGNS UNTIL"],
                webhookSecrets.map { secret in
                    [
                        secret.reference.id.description, secret.reference.key.description,
                        secret.createdAt.rfc3339, end(secret.expiresAt, at: now, without: "a new one ends it"),
                    ]
                })
        }

        private func text(_ credential: Credential) -> String {
            let heading = aligned([
                ("API key", credential.apiKey.description),
                ("works in", credential.sandboxOnly ? "sandbox" : "production and sandbox"),
            ])
            return heading + "\n" + table(
                ["  SECRET", "CREATED", "WORKS UNTIL"],
                credential.secrets.map { secret in
                    [
                        "  \(secret.hint)...", secret.createdAt.rfc3339,
                        end(secret.expiresAt, at: now, without: "it is regenerated"),
                    ]
                })
        }

        func write(to json: inout JSONWriter) {
            app.writeMembers(to: &json)
            json.writeOrigins(origins)
            json.beginArray("credentials")
            for credential in credentials {
                json.beginObject()
                credential.writeMembers(to: &json, at: now)
                json.endObject()
            }
            json.endArray()
            json.beginArray("webhook_secrets")
            for secret in webhookSecrets {
                json.beginObject()
                json.member("secret_id", secret.reference.id)
                json.member("kid", secret.reference.key.description)
                json.member("created_at", secret.createdAt.rfc3339)
                json.member("expires_at", secret.expiresAt?.rfc3339)
                json.member("works", works(until: secret.expiresAt, at: now))
                json.endObject()
            }
            json.endArray()
        }
    }

    struct Disable: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops a client app: it gets no more tokens, and those it has fail within a second.")

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            try AppCommands.activate(clientApp, false, settings)
        }
    }

    struct Enable: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a disabled client app go on; its tokens that have not expired work again, too.")

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            try AppCommands.activate(clientApp, true, settings)
        }
    }

    private static func activate(_ clientApp: ClientApp.ID, _ active: Bool, _ settings: Settings) throws -> Activation {
        guard try settings.administration().setActive(active, clientApp: clientApp) else {
            throw Failure.noClientApp(clientApp)
        }
        return Activation(noun: "client app", id: clientApp.uuid.description, active: active)
    }
}

extension Failure {
    static func noClientApp(_ id: ClientApp.ID) -> Failure {
        Failure(.notFound, "there is no client app \(id.uuid)", hint: "`latchkey app list` shows all.")
    }
}

extension ClientApp.Record {
    var state: String { activity(disabledAt == nil) }

    func writeMembers(to json: inout JSONWriter) {
        json.member("client_app_id", id.uuid)
        json.member("name", name)
        json.member("organisation_id", organisationID)
        json.member("webhook_url", webhookURL)
        json.member("active", disabledAt == nil)
        json.member("created_at", createdAt.rfc3339)
        json.member("disabled_at", disabledAt?.rfc3339)
    }
}

extension Credential {
    func writeMembers(to json: inout JSONWriter, at now: UnixTime) {
        json.member("api_key", apiKey)
        json.member("sandbox_only", sandboxOnly)
        json.member("created_at", createdAt.rfc3339)
        json.beginArray("secrets")
        for secret in secrets {
            json.beginObject()
            json.member("hint", secret.hint)
            json.member("created_at", secret.createdAt.rfc3339)
            json.member("expires_at", secret.expiresAt?.rfc3339)
            json.member("works", works(until: secret.expiresAt, at: now))
            json.endObject()
        }
        json.endArray()
    }
}

/// Whether a secret that ends then, or does not, is in use.
func works(until end: UnixTime?, at now: UnixTime) -> Bool { end.map { $0 > now } ?? true }

/// When a secret ends, for people.
private func end(_ end: UnixTime?, at now: UnixTime, without: String) -> String {
    guard let end else { return without }
    return works(until: end, at: now) ? end.rfc3339 : "\(end.rfc3339) (over)"
}
