import PostgreSQL
import TestCluster
import WireFormats

/// What an operation on the database failed with, nil where it did not.
func failure(_ operation: () throws(DatabaseError) -> Void) -> DatabaseError? {
    do {
        try operation()
        return nil
    } catch {
        return error
    }
}

extension Connection {
    /// Runs a statement whose rows nobody wants.
    func execute(
        _ statement: Statement, _ parameters: [Parameter] = [], within: Duration = .seconds(10)
    ) throws(DatabaseError) {
        _ = try run(statement, parameters, deadline: .now + within)
    }

    func text(
        _ statement: Statement, _ parameters: [Parameter] = [], within: Duration = .seconds(10)
    ) throws(DatabaseError) -> String? {
        try run(statement, parameters, deadline: .now + within).text(row: 0, column: 0)
    }

    func integer(
        _ statement: Statement, _ parameters: [Parameter] = [], within: Duration = .seconds(10)
    ) throws(DatabaseError) -> Int64? {
        try run(statement, parameters, deadline: .now + within).integer(row: 0, column: 0)
    }

    /// The process id of the server's side of this session.
    func backendPID() throws(DatabaseError) -> Int32 {
        guard let pid = try integer(Statement("SELECT pg_backend_pid()")) else { throw .unexpectedResult }
        return Int32(pid)
    }
}

extension TestCluster {
    func connection(whenOpened: [Statement] = []) throws -> Connection {
        try Connection(conninfo: conninfo(), whenOpened: whenOpened)
    }
}
