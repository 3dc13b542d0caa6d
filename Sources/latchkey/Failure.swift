import FoundationEssentials
import LatchkeyCore
import PostgreSQL

/// How the program ends; `latchkey --help` lists these numbers, which never change meaning.
enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    case notFound = 3
    case refused = 4
    case usage = 64
    case unavailable = 69
    case configuration = 78
}

/// Why a command did not do what it was asked: lower case and no full stop, then perhaps whole sentences of advice.
struct Failure: Error {
    let status: ExitStatus
    let message: String
    let hint: String?

    init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    var text: String { "latchkey: \(message)\n" + (hint.map { "HINT: \($0)\n" } ?? "") }
}

extension Failure {
    init(_ error: AdministrationError) {
        switch error {
        case .noSchema:
            self.init(
                .configuration, "the database has no Latchkey schema",
                hint: "Run `sqitch deploy` in migrations/, and check which database LATCHKEY_DATABASE_URL names.")
        case .wrongSchema(let sentence):
            self.init(.configuration, sentence)
        case .notAdministrator:
            self.init(
                .configuration, "the role in LATCHKEY_DATABASE_URL may not act as latchkey_administrator",
                hint: "Connect as latchkey_administrator, or GRANT latchkey_administrator TO the role.")
        case .database(let error):
            self.init(error)
        }
    }

    init(_ error: DatabaseError) {
        let detail = error.serverMessage.map { ": \($0)" } ?? ""
        switch error.kind {
        case _ where error.isAmbiguous:
            self.init(
                .failed, "\(error.description)\(detail)",
                hint: "The act may or may not have been done: look before you repeat it.")
        case .unreachable, .deadline, .connectionLost:
            self.init(
                .unavailable, "\(error.description)\(detail)",
                hint: "Check that PostgreSQL runs and that LATCHKEY_DATABASE_URL leads to it.")
        case .server where Self.rules[error.constraint ?? ""] != nil:
            let rule = Self.rules[error.constraint ?? ""]
            self.init(rule?.status ?? .failed, rule?.sentence ?? error.description)
        case .server(let state):
            self.init(.failed, "the database refuses\(detail) (SQLSTATE \(state))", hint: error.serverHint)
        case .invalidConninfo, .invalidParameter, .unexpectedResult:
            self.init(.failed, "\(error.description)\(detail)")
        }
    }

    /// What the schema's constraints demand of what an administrator types.
    private static let rules: [String: (status: ExitStatus, sentence: String)] = [
        "client_apps_name_length": (.usage, "a name has 1 to 200 characters"),
        "client_apps_name_printable": (.usage, "a name has no control characters"),
        "client_apps_organisation_id_length": (.usage, "an organisation id has 1 to 255 characters"),
        "client_apps_webhook_url_length": (.usage, "a webhook URL has at most 2048 characters"),
        "client_apps_webhook_url_scheme": (
            .usage, "a webhook URL begins with http:// or https:// and holds no white space"
        ),
        "collectors_name_length": (.usage, "a name has 1 to 200 characters"),
        "collectors_name_printable": (.usage, "a name has no control characters"),
        "platforms_id_format": (.usage, "a platform's id is letters a-z and digits, with single hyphens between"),
        "platforms_id_length": (.usage, "a platform's id has 1 to 64 characters"),
        "platforms_name_length": (.usage, "a name has 1 to 200 characters"),
        "platforms_name_printable": (.usage, "a name has no control characters"),
        "platforms_connector_url_length": (.usage, "a connector URL has at most 2048 characters"),
        "platforms_connector_url_scheme": (
            .usage, "a connector URL begins with http:// or https:// and holds no white space"
        ),
        "revoked_tokens_reason_length": (.usage, "a reason has 1 to 500 characters"),
        "revoked_tokens_client_app_id_fkey": (.notFound, "there is no such client app"),
        "audit_log_actor_length": (.usage, "an actor has 1 to 200 characters"),
        "audit_log_actor_printable": (.usage, "an actor has no control characters"),
    ]
}
