import ArgumentParser
import LatchkeyCore
import WireFormats

struct Doctor: AnsweringCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks whether everything is in order, and says what is wrong and how to mend it.",
        discussion: """
            Exits 0 when nothing is wrong: the database is reached as \
            latchkey_administrator, its schema is one that this release knows, the key files \
            and the folder of documents can be used, somebody listens at the sockets, and \
            nginx finds no mistake in its configuration and the link modal's files where that \
            says they are. What the settings do not name is skipped, and said to be.

            Webhooks that are late or dead and client apps whose webhooks cannot be signed \
            are worth a look, and do not change the exit status: receivers are not ours.

            Run it as the user that latchkeyd runs as, or as root.

            EXAMPLES
              latchkey doctor
              latchkey doctor --config latchkeyd.conf --nginx-config /etc/nginx/nginx.conf
            """)

    @Option(
        help: .init("nginx's configuration file, for `nginx -t` (default: LATCHKEY_NGINX_CONFIG).", valueName: "file"),
        completion: .file())
    var nginxConfig: String?

    @OptionGroup var common: CommonOptions

    func answer(_ settings: Settings) throws -> any Answer {
        let (database, administration) = Self.database(settings)
        return Diagnosis(
            checks: [database]
                + KeyPurpose.allCases.map { Self.keys(settings, $0) }
                + [Self.documents(settings)]
                + ["verify", "database", "upload"].map { Self.socket(settings, lane: $0) }
                + Self.nginx(nginxConfig ?? settings["LATCHKEY_NGINX_CONFIG"])
                + Self.webhooks(administration))
    }

    struct Diagnosis: Answer {
        let checks: [Check]

        var status: ExitStatus { checks.contains { $0.outcome == .wrong } ? .failed : .done }

        var text: String {
            checks.map { line($0.outcome.rawValue, $0.name, $0.finding, hint: $0.hint) }.joined(separator: "\n")
        }

        func write(to json: inout JSONWriter) {
            json.member("healthy", status == .done)
            json.beginArray("checks")
            for check in checks {
                json.beginObject()
                json.member("name", check.name)
                json.member("outcome", check.outcome.rawValue)
                json.member("finding", check.finding)
                json.member("hint", check.hint)
                json.endObject()
            }
            json.endArray()
        }
    }

    struct Check {
        enum Outcome: String {
            case ok, wrong, skipped
            /// Worth a look, and nothing that the installation does wrong.
            case look
        }

        let name: String
        let outcome: Outcome
        let finding: String
        let hint: String?

        init(_ name: String, _ outcome: Outcome, _ finding: String, hint: String? = nil) {
            self.name = name
            self.outcome = outcome
            self.finding = finding
            self.hint = hint
        }
    }
}
