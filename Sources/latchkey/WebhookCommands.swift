import ArgumentParser
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

struct WebhookCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Webhooks: where events are posted, how they are signed, and what became of each.",
        subcommands: [Configure.self, Secret.self, List.self, Show.self, Replay.self, Test.self])
}

/// A webhook secret that was just made, with what its receiver must know.
struct NewWebhookSecret {
    let secret: WebhookSecret
    let reference: WebhookSecret.Reference

    /// What is said below a secret, wherever one is shown.
    static let advice =
        "The webhook secret is shown only now. It is not stored: keep it where the receiver checks signatures."

    /// Makes a secret and records that it is there.
    ///
    /// - Parameter overlap: how long the older secrets sign as well.
    static func make(
        for clientApp: ClientApp.ID, keys: KeySet, overlap: Duration, in administration: Administration
    ) throws -> NewWebhookSecret {
        let reference = try WebhookSecret.Reference.generate(keys: keys, environment: .live)
        guard let secret = try WebhookSecret(reference, of: clientApp, keys: keys) else {
            throw Failure(.configuration, "the webhook key \(reference.key) is missing")
        }
        guard try administration.addWebhookSecret(reference, of: clientApp, overlap: overlap) else {
            throw Failure.noClientApp(clientApp)
        }
        return NewWebhookSecret(secret: secret, reference: reference)
    }
}

extension WebhookURL {
    /// Refuses what nothing would ever be sent to, whatever the host's addresses are; those only the sender knows.
    /// The URL is not repeated: it may have a password in it.
    static func check(_ text: String?) throws {
        guard let text, WebhookURL(text) == nil else { return }
        throw Failure(
            .usage, "a webhook URL begins with http:// or https:// and a host; it may go on with a port, a path and a "
                + "query, has no user info and no fragment, and is at most \(maximumBytes) characters of ASCII",
            hint: "Other characters are written in percent-encoding, other host names in their xn-- form.")
    }
}

extension WebhookCommands {
    struct Configure: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says where a client app's events are posted; makes its webhook secret if it has none.",
            discussion: """
                With --none nothing is announced from now on. Deliveries that wait go to the new \
                place, unless their retrieval named one of its own.

                EXAMPLES
                  latchkey webhook configure 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11 \\
                      --url https://planner.example/hooks
                  latchkey webhook configure 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11 --none
                """)

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @Option(help: .init("Where events of its users are posted, http or https.", valueName: "url"))
        var url: String?

        @Flag(help: "Nowhere.")
        var none = false

        @OptionGroup var common: CommonOptions

        func validate() throws {
            guard (url == nil) == none else { throw ValidationError("one of --url and --none must be given") }
        }

        func answer(_ settings: Settings) throws -> any Answer {
            try WebhookURL.check(url)
            let administration = try settings.administration()
            let now = Environment.live.now
            let needsSecret = try url != nil
                && !administration.webhookSecrets(of: clientApp).contains { works(until: $0.expiresAt, at: now) }
            // Read first: an app with a URL and no secret would get nothing.
            let keys = try needsSecret ? settings.keys(.webhook) : nil
            guard try administration.setWebhookURL(url, of: clientApp) else { throw Failure.noClientApp(clientApp) }
            let made = try keys.map { keys in
                try NewWebhookSecret.make(for: clientApp, keys: keys, overlap: .zero, in: administration)
            }
            return Configured(clientApp: clientApp, url: url, made: made)
        }
    }

    struct Configured: Answer {
        let clientApp: ClientApp.ID
        let url: String?
        /// nil where one was there before, or none is needed.
        let made: NewWebhookSecret?

        var text: String {
            aligned([
                ("client app", clientApp.uuid.description), ("webhook", url ?? "none"),
                ("webhook secret", made?.secret.text),
            ]) + (made == nil ? "" : "\n\n" + NewWebhookSecret.advice)
        }

        func write(to json: inout JSONWriter) {
            json.member("client_app_id", clientApp.uuid)
            json.member("webhook_url", url)
            json.member("webhook_secret", made?.secret.text)
        }
    }

    struct Secret: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new webhook secret for a client app and shows it, only this once.",
            discussion: """
                For the overlap each delivery carries a signature of the older secrets, too, so \
                that the receiver can be changed over without refusing one; then the older ones \
                stop by themselves. With an overlap of 0 they stop at once, as they should when \
                one has leaked.

                EXAMPLES
                  latchkey webhook secret 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11
                  latchkey webhook secret 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11 --overlap 0
                """)

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @Option(help: .init("How long the older secrets sign as well: 90s, 30m, 24h, 7d, or 0.", valueName: "time"))
        var overlap = Span.day

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let keys = try settings.keys(.webhook)
            return SecretMade(
                clientApp: clientApp,
                made: try NewWebhookSecret.make(
                    for: clientApp, keys: keys, overlap: overlap.duration, in: try settings.administration()),
                olderExpireAt: Environment.live.now + overlap.duration)
        }
    }

    struct SecretMade: Answer {
        let clientApp: ClientApp.ID
        let made: NewWebhookSecret
        /// Within a second.
        let olderExpireAt: UnixTime

        var text: String {
            aligned([
                ("client app", clientApp.uuid.description), ("webhook secret", made.secret.text),
                ("older until", olderExpireAt.rfc3339),
            ]) + "\n\n" + NewWebhookSecret.advice
        }

        func write(to json: inout JSONWriter) {
            json.member("client_app_id", clientApp.uuid)
            json.member("webhook_secret", made.secret.text)
            json.member("secret_id", made.reference.id)
            json.member("kid", made.reference.key.description)
            json.member("older_expire_at", olderExpireAt.rfc3339)
        }
    }

    struct Test: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Queues a delivery that announces nothing, to try a client app's receiver.",
            discussion: """
                It is signed and sent like any other, with the status \"test\". `latchkey webhook \
                show` tells what became of it.

                EXAMPLE
                  latchkey webhook test 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11
                """)

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let id = try Environment.live.newUUID()
            switch try settings.administration().createTestDelivery(id, for: clientApp) {
            case .ok:
                return Queued(delivery: id)
            case .unknownApp:
                throw Failure.noClientApp(clientApp)
            case .noURL:
                throw Failure(
                    .refused, "client app \(clientApp.uuid) has no webhook URL",
                    hint: "`latchkey webhook configure` gives it one.")
            case .noSecret:
                throw Failure(
                    .refused, "client app \(clientApp.uuid) has no webhook secret that is not over",
                    hint: "`latchkey webhook secret` makes one.")
            }
        }
    }
}
