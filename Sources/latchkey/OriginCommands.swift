import ArgumentParser
import LatchkeyCore
import WireFormats

/// `latchkey app origin`.
struct OriginCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "origin",
        abstract: "Origins of a client app: whose pages may show the link modal to its users.",
        subcommands: [Add.self, Remove.self, List.self])
}

extension WebOrigin {
    /// The text is not repeated: it may have a password in it.
    fileprivate static func read(_ text: String) throws(Failure) -> WebOrigin {
        do throws(Fault) {
            return try WebOrigin(text)
        } catch {
            switch error {
            case .noOrigin:
                throw Failure(
                    .usage, "an origin is https://, a host and perhaps a port, without a path, a query or user info",
                    hint: "As in https://app.example or https://app.example:8443; other letters than a-z are written "
                        + "in their xn-- form.")
            case .notEncrypted:
                throw Failure(
                    .usage, "an origin of http:// is one of localhost, 127.0.0.1 or [::1]; others are https://")
            }
        }
    }
}

extension OriginCommands {
    struct Add: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets pages of an origin show the modal; one that is there already stays.",
            discussion: """
                An origin is what a page's address begins with: https://, the host and, unless it \
                is 443, the port. Register each one separately; there is no wildcard.

                EXAMPLES
                  latchkey app origin add 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11 \\
                      https://planner.example
                """)

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @Argument(help: "The origin, such as https://planner.example.")
        var origin: String

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let origin = try WebOrigin.read(origin)
            switch try settings.administration().addOrigin(origin, to: clientApp) {
            case .ok, .already:
                return Registration(clientApp: clientApp, origin: origin.text, isRegistered: true)
            case .unknownApp:
                throw Failure.noClientApp(clientApp)
            case .tooMany:
                throw Failure(
                    .refused, "client app \(clientApp.uuid) has as many origins as it may have",
                    hint: "`latchkey app origin remove` takes one away.")
            }
        }
    }

    struct Remove: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets pages of an origin show the modal no more; what is open goes on for an hour at most.")

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @Argument(help: "The origin, as `latchkey app origin list` shows it.")
        var origin: String

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let origin = try WebOrigin.read(origin)
            let administration = try settings.administration()
            guard try administration.removeOrigin(origin, from: clientApp) else {
                guard try administration.clientApp(clientApp) != nil else { throw Failure.noClientApp(clientApp) }
                throw Failure(
                    .notFound, "client app \(clientApp.uuid) has no origin \(origin.text)",
                    hint: "`latchkey app origin list` shows all.")
            }
            return Registration(clientApp: clientApp, origin: origin.text, isRegistered: false)
        }
    }

    /// How it is with an origin now.
    struct Registration: Answer {
        let clientApp: ClientApp.ID
        let origin: String
        let isRegistered: Bool

        var text: String {
            "pages of \(origin) may \(isRegistered ? "" : "not ")show the modal to users of client app "
                + clientApp.uuid.description
        }

        func write(to json: inout JSONWriter) {
            json.member("client_app_id", clientApp.uuid)
            json.member("origin", origin)
            json.member("registered", isRegistered)
        }
    }

    struct List: AnsweringCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the origins of a client app.")

        @Argument(help: "The client app's id.")
        var clientApp: ClientApp.ID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let administration = try settings.administration()
            guard try administration.clientApp(clientApp) != nil else { throw Failure.noClientApp(clientApp) }
            return Listed(clientApp: clientApp, origins: try administration.origins(of: clientApp))
        }
    }

    struct Listed: Answer {
        let clientApp: ClientApp.ID
        let origins: [String]

        var text: String {
            origins.isEmpty
                ? "It has none, and no page may show the modal to its users: `latchkey app origin add` registers one."
                : origins.joined(separator: "\n")
        }

        func write(to json: inout JSONWriter) {
            json.member("client_app_id", clientApp.uuid)
            json.writeOrigins(origins)
        }
    }
}

extension JSONWriter {
    mutating func writeOrigins(_ origins: [String]) {
        beginArray("origins")
        for origin in origins { element(origin) }
        endArray()
    }
}
