import LatchkeyCore
import Testing

@testable import PostgreSQL

@Suite("The schema's version")
struct SchemaVersionTests {
    @Test("is one that this release knows, or says what to do", arguments: [
        (SchemaVersion.required, SchemaVersion.required, nil),
        (SchemaVersion.required + 5, SchemaVersion.required, nil),
        (SchemaVersion.required + 5, 0, nil),
        (1, 1, "the database has schema version 1 and this release needs 2: run `sqitch deploy` in migrations/ first"),
        (-1, 0, "the database has schema version -1 and this release needs 2: "
            + "run `sqitch deploy` in migrations/ first"),
        (3, 3, "the database has schema version 3, which no longer serves this release (schema version 2): "
            + "install a newer release of Latchkey"),
    ] as [(Int64, Int64, String?)])
    func mistake(version: Int64, oldestSupported: Int64, sentence: String?) {
        #expect(SchemaVersion(version: version, oldestSupported: oldestSupported).mistake == sentence)
    }
}

@Suite("An error of the start")
struct StartErrorTests {
    @Test("is one sentence that says what to do", arguments: [
        (DatabaseError.Kind.server(.undefinedFunction),
         "the database has no Latchkey schema: run `sqitch deploy` in migrations/ first"),
        (.server(.invalidSchemaName), "the database has no Latchkey schema: run `sqitch deploy` in migrations/ first"),
        (.server(.insufficientPrivilege),
         "the database role may not use the schema latchkey_api (what the server wrote): "
            + "connect as latchkey_application, to which migrations/ grants that"),
        (.server(.tooManyConnections),
         "the database refused the first query with SQLSTATE 53300: what the server wrote"),
        (.unexpectedResult, "the database's functions answer in a form that this release does not know"),
        (.invalidConninfo, "what the server wrote"),
        (.unreachable, "cannot reach the database: what the server wrote"),
        (.deadline(sent: false), "cannot reach the database: what the server wrote"),
        (.connectionLost(sent: true), "cannot reach the database: what the server wrote"),
    ])
    func sentence(kind: DatabaseError.Kind, sentence: String) {
        let error = StartError(DatabaseError(kind, serverMessage: "what the\n\r\nserver wrote\n"))
        #expect(error.description == sentence)
    }

    @Test("speaks for itself where the server said nothing")
    func withoutServerMessage() {
        #expect(StartError(.unreachable).description == "cannot reach the database: the database cannot be reached")
    }
}
