import ArgumentParser
import ContentStore
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
            throw Failure.noUser(user, of: clientApp)
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
            abstract: "Erases a user and all that was recorded of it, for good, and says what it removed.",
            discussion: """
                Its tokens and download links fail within a second, and its id never comes back. \
                Files that no other user's documents need are removed from \
                LATCHKEY_DOCUMENTS_FOLDER; where that is not set or a file cannot be removed, \
                `latchkey maintenance run` does it later.

                Erasing one that is erased already removes what is left of it and succeeds.

                EXAMPLE
                  latchkey user erase 01976a40-11aa-7c3e-8d52-9b1d3a5f7c20 \\
                      --app 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11
                """)

        @OptionGroup var arguments: UserArguments
        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let administration = try settings.administration()
            guard let erasure = try administration.erase(arguments.user, of: arguments.clientApp) else {
                throw Failure.noUser(arguments.user, of: arguments.clientApp)
            }
            // From here on the user is erased: what is said may not depend on the files.
            let removal = ContentRemoval(erasure.unneeded, in: administration, settings)
            return Erased(user: try arguments.find(in: administration), erasure: erasure, removal: removal)
        }
    }

    /// What became of the contents that nobody needs any more.
    struct ContentRemoval {
        private(set) var removed = 0
        private(set) var left = 0
        /// Why some are left; nil also where that is as the settings will have it.
        private(set) var failure: Failure?

        init(_ names: [ContentName], in administration: Administration, _ settings: Settings) {
            guard !names.isEmpty else { return }
            left = names.count
            do {
                guard let store = try settings.documents() else { return }
                for name in names {
                    // One that somebody needs again, or has removed, is not left for anybody.
                    removed += try administration.removeUnneeded(name, from: store) ? 1 : 0
                    left -= 1
                }
            } catch {
                failure = Erase.failure(error)
            }
        }

        var text: String {
            guard left > 0 else { return "stored files" }
            return "stored files, and \(left) left for `latchkey maintenance run`: "
                + (failure?.message ?? "LATCHKEY_DOCUMENTS_FOLDER is not set")
        }
    }

    struct Erased: Answer {
        let user: User.Record
        let erasure: User.Erasure
        let removal: ContentRemoval

        var status: ExitStatus { removal.failure == nil ? .done : .failed }

        var text: String {
            let heading = "user \(user.id.uuid) "
                + (erasure.isNew ? "is erased" : "was erased before, at \(user.erasedAt?.rfc3339 ?? "")")
            return heading + "; removed with it:\n" + aligned([
                ("  \(erasure.platformLinks)", "platform links"), ("  \(erasure.documents)", "documents"),
                ("  \(erasure.retrievals)", "retrievals"), ("  \(erasure.deliveries)", "webhook deliveries"),
                ("  \(removal.removed)", removal.text),
            ])
        }

        func write(to json: inout JSONWriter) {
            json.member("taiki_user_id", user.id.uuid)
            json.member("client_app_id", user.clientApp.uuid)
            json.member("erased_at", user.erasedAt?.rfc3339)
            json.member("erased_now", erasure.isNew)
            json.beginObject("removed")
            json.member("platform_links", erasure.platformLinks)
            json.member("documents", erasure.documents)
            json.member("retrievals", erasure.retrievals)
            json.member("deliveries", erasure.deliveries)
            json.member("stored_files", Int64(removal.removed))
            json.endObject()
            json.member("stored_files_left", Int64(removal.left))
            json.member("failure", removal.failure?.message)
        }
    }
}

extension Failure {
    fileprivate static func noUser(_ user: User.ID, of clientApp: ClientApp.ID) -> Failure {
        Failure(.notFound, "there is no user \(user.uuid) of client app \(clientApp.uuid)")
    }
}
