import ArgumentParser
import LatchkeyCore
import PostgreSQL
import WireFormats

struct UserCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "End users of client apps.",
        subcommands: [Show.self, Erase.self])
}

/// Which user: ids are a client app's own.
struct UserArguments: ParsableArguments {
    @Argument(help: "The user's id, the taiki_user_id of its tokens.")
    var user: User.ID

    @Option(name: .customLong("app"), help: .init("The id of its client app.", valueName: "client-app"))
    var clientApp: ClientApp.ID

    /// The user's row.
    func find(in administration: Administration) throws -> User.Record {
        guard let found = try administration.user(user, of: clientApp) else {
            throw Failure(.notFound, "there is no user \(user.uuid) of client app \(clientApp.uuid)")
        }
        return found
    }
}

extension UserCommands {
    struct Show: AnsweringCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what is stored of a user.")

        @OptionGroup var arguments: UserArguments
        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            Shown(user: try arguments.find(in: try settings.administration()))
        }
    }

    struct Shown: Answer {
        let user: User.Record

        var text: String {
            aligned([
                ("user", user.id.uuid.description), ("client app", user.clientApp.uuid.description),
                ("mode", user.mode), ("created", user.createdAt.rfc3339), ("last seen on", user.lastSeenOn),
                ("made by request", user.requestID), ("erased", user.erasedAt?.rfc3339),
            ])
        }

        func write(to json: inout JSONWriter) {
            json.member("taiki_user_id", user.id.uuid)
            json.member("client_app_id", user.clientApp.uuid)
            json.member("mode", user.mode)
            json.member("created_at", user.createdAt.rfc3339)
            json.member("last_seen_on", user.lastSeenOn)
            json.member("request_id", user.requestID)
            json.member("erased_at", user.erasedAt?.rfc3339)
        }
    }

    struct Erase: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erases a user for good: its tokens fail within a second, and its id never comes back.",
            discussion: """
                Erasing one that is erased already changes nothing and succeeds.

                EXAMPLE
                  latchkey user erase 01976a40-11aa-7c3e-8d52-9b1d3a5f7c20 \\
                      --app 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11
                """)

        @OptionGroup var arguments: UserArguments
        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let administration = try settings.administration()
            let isNew = try administration.erase(arguments.user, of: arguments.clientApp)
            // Also tells a user that was erased before from one that never was.
            return Erased(user: try arguments.find(in: administration), isNew: isNew)
        }
    }

    struct Erased: Answer {
        let user: User.Record
        let isNew: Bool

        var text: String {
            "user \(user.id.uuid) \(isNew ? "is erased" : "was erased before, at \(user.erasedAt?.rfc3339 ?? "")")"
        }

        func write(to json: inout JSONWriter) {
            json.member("taiki_user_id", user.id.uuid)
            json.member("client_app_id", user.clientApp.uuid)
            json.member("erased_at", user.erasedAt?.rfc3339)
            json.member("erased_now", isNew)
        }
    }
}
