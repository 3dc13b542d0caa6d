import ArgumentParser
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

struct SecretCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "API secrets, which prove that a request comes from the client app.",
        subcommands: [Regenerate.self])
}

extension SecretCommands {
    struct Regenerate: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new secret for an API key and shows it, only this once.",
            discussion: """
                The older secrets go on working for the overlap, so that the client app can be \
                changed over without a failed request; then they stop by themselves. The API \
                key stays. With an overlap of 0 the older ones stop at once, as they should \
                when one has leaked.

                EXAMPLES
                  latchkey secret regenerate 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11
                  latchkey secret regenerate 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11 --overlap 0
                """)

        @Argument(help: "The API key.")
        var apiKey: APIKey

        @Option(help: .init("How long the older secrets go on working: 90s, 30m, 24h, 7d, or 0.", valueName: "time"))
        var overlap = Span.day

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let environment = Environment.live
            let hasher = try SecretHasher(keys: try settings.keys(.secretHash))
            let administration = try settings.administration()
            guard let before = try administration.credential(apiKey: apiKey.uuid) else {
                throw Failure.noAPIKey(apiKey.uuid)
            }
            let secret = try APISecret.generate(sandboxOnly: before.sandboxOnly)
            let stored = try StoredSecret(secret, hasher: hasher, environment: environment)
            guard try administration.regenerateSecret(
                apiKey: apiKey.uuid, secret: stored, overlap: overlap.duration)
            else { throw Failure.noAPIKey(apiKey.uuid) }
            return Regenerated(
                apiKey: apiKey.uuid, secret: secret, olderExpireAt: environment.now + overlap.duration)
        }
    }

    struct Regenerated: Answer {
        let apiKey: UUID
        let secret: APISecret
        /// Within a second.
        let olderExpireAt: UnixTime

        var text: String {
            aligned([
                ("API key", apiKey.description), ("API secret", secret.text),
                ("older until", olderExpireAt.rfc3339),
            ]) + "\n\nThe secret is shown only now. It is not stored: keep it where the client app reads it."
        }

        func write(to json: inout JSONWriter) {
            json.member("api_key", apiKey)
            json.member("api_secret", secret.text)
            json.member("older_expire_at", olderExpireAt.rfc3339)
        }
    }
}

extension Failure {
    static func noAPIKey(_ apiKey: UUID) -> Failure {
        Failure(.notFound, "there is no API key \(apiKey)", hint: "`latchkey app show` lists those of a client app.")
    }
}
