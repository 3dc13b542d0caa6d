public import PostgreSQL

/// Why the service cannot start: one sentence for the operator, without a secret.
public struct StartError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    public init(_ error: DatabaseError) {
        let detail = (error.serverMessage ?? error.description).split(whereSeparator: \.isNewline)
            .joined(separator: " ")
        switch error.kind {
        case .server(.undefinedFunction), .server(.invalidSchemaName):
            self.init("the database has no Latchkey schema: run `sqitch deploy` in migrations/ first")
        case .server(.insufficientPrivilege):
            self.init("the database role may not use the schema latchkey_api (\(detail)): "
                + "connect as latchkey_application, to which migrations/ grants that")
        case .server(let state):
            self.init("the database refused the first query with SQLSTATE \(state): \(detail)")
        case .unexpectedResult:
            self.init("the database's functions answer in a form that this release does not know")
        case .invalidConninfo:
            self.init(detail)
        default:
            self.init("cannot reach the database: \(detail)")
        }
    }
}
