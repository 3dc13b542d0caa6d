public import PostgreSQL

/// What an administrator may do: each act is one call of a function of `latchkey_admin`, which records it, with its
/// actor, in the transaction of the act.
///
/// Whoever connects, be it a superuser, goes on with the rights of `latchkey_administrator` and no others.
public final class Administration {
    private let connection: Connection
    private let deadline: Duration
    /// Who acts, for the audit log: 1 to 200 characters.
    let actor: String

    /// - Parameter deadline: how long each call may take, connecting included.
    public init(conninfo: Conninfo, actor: String, deadline: Duration = .seconds(30)) {
        self.actor = actor
        self.deadline = deadline
        connection = Connection(conninfo, whenOpened: [
            Statement("SET ROLE latchkey_administrator"),
            // A superuser's own may name schemas in which others can put a function in front of PostgreSQL's.
            Statement("SET search_path = pg_catalog"),
        ])
    }

    private static let schemaVersion = Statement("""
        SELECT version, oldest_supported
        FROM latchkey_api.schema_version()
        """)

    /// Connects, and refuses a database that this release does not know its way in.
    public func open() throws(AdministrationError) {
        let version: SchemaVersion
        do throws(DatabaseError) {
            let result = try run(Self.schemaVersion)
            guard let number = try result.integer(row: 0, column: 0), let oldest = try result.integer(row: 0, column: 1)
            else { throw DatabaseError.unexpectedResult }
            version = SchemaVersion(version: number, oldestSupported: oldest)
        } catch {
            throw AdministrationError(opening: error)
        }
        if let mistake = version.mistake { throw .wrongSchema(mistake) }
        schema = version
    }

    /// nil before `open`.
    public private(set) var schema: SchemaVersion?

    /// The server's version as a number, such as 150018 for 15.18; nil before `open`.
    public var serverVersion: Int? { connection.serverVersion }

    func run(_ statement: Statement, _ parameters: [Parameter] = []) throws(DatabaseError) -> QueryResult {
        try connection.run(statement, parameters, deadline: .now + deadline)
    }

    /// Runs a statement that returns one boolean.
    func runBoolean(_ statement: Statement, _ parameters: [Parameter]) throws(DatabaseError) -> Bool {
        guard let value = try run(statement, parameters).boolean(row: 0, column: 0) else {
            throw DatabaseError.unexpectedResult
        }
        return value
    }
}

/// Why the administrator cannot begin.
public enum AdministrationError: Error {
    /// There is no Latchkey in this database.
    case noSchema
    /// A sentence: which schema there is and which one is needed.
    case wrongSchema(String)
    /// Whoever connected may not act as `latchkey_administrator`.
    case notAdministrator
    case database(DatabaseError)

    init(opening error: DatabaseError) {
        switch error.kind {
        // No such role (SET ROLE), schema or function.
        case .server(.invalidParameterValue), .server(.invalidSchemaName), .server(.undefinedFunction): self = .noSchema
        case .server(.insufficientPrivilege): self = .notAdministrator
        default: self = .database(error)
        }
    }
}
