internal import JOSE
internal import PostgreSQL
internal import WireFormats

/// The deliveries in PostgreSQL, over a connection that belongs to the thread that uses it.
final class DeliveryStore {
    private let connection: Connection

    private static let deadline: Duration = .seconds(6)

    init(conninfo: Conninfo) {
        connection = Connection(conninfo)
    }

    private func run(_ statement: Statement, _ parameters: [Parameter] = []) throws(DatabaseError) -> QueryResult {
        try connection.run(statement, parameters, deadline: .now + Self.deadline)
    }

    private static let schemaVersion = Statement("""
        SELECT version, oldest_supported
        FROM latchkey_api.schema_version()
        """)

    func schemaVersion() throws(DatabaseError) -> SchemaVersion {
        let result = try run(Self.schemaVersion)
        guard let number = try result.integer(row: 0, column: 0), let oldest = try result.integer(row: 0, column: 1)
        else { throw DatabaseError.unexpectedResult }
        return SchemaVersion(version: number, oldestSupported: oldest)
    }

    // MARK: - Claiming

    private static let claim = Statement("""
        SELECT delivery_id, attempt, counted
        FROM latchkey_delivery.claim($1, $2, $3, $4)
        """)

    private static let read = Statement("""
        SELECT delivery_id, kind, client_app_id, user_id, mode, url, number, status, metadata, created_at, queued_at,
            files, secrets, failures
        FROM latchkey_delivery.read($1::uuid[], $2::integer[])
        """)

    /// More of them the database does not hand out at once.
    static let batch = 100

    /// Deliveries that are due, and nobody else's for the lease. What is to be sent comes by a second call, so that no
    /// other instance waits for it; a delivery that is erased in between is not there any more.
    ///
    /// - Parameter failing: at most so many of them for apps whose receiver failed last.
    func claim(
        atMost limit: Int, perApp: Int, failing: Int, lease: Duration
    ) throws(DatabaseError) -> [Claim] {
        let result = try run(Self.claim, [
            .integer(Int64(limit)), .integer(Int64(perApp)), .integer(Int64(failing)), .text(Self.interval(lease)),
        ])
        var claimed: [UUID: (attempt: Delivery.Attempt, counted: Int)] = [:]
        for row in 0..<result.rowCount {
            guard let id = try result.uuid(row: row, column: 0), let number = try result.integer(row: row, column: 1),
                let counted = try result.integer(row: row, column: 2)
            else { throw DatabaseError.unexpectedResult }
            claimed[id] = (Delivery.Attempt(id: id, number: number), Int(clamping: counted))
        }
        return claimed.isEmpty ? [] : try read(claimed)
    }

    private func read(
        _ claimed: [UUID: (attempt: Delivery.Attempt, counted: Int)]
    ) throws(DatabaseError) -> [Claim] {
        let attempts = claimed.values.map(\.attempt)
        let result = try run(Self.read, [
            .text("{\(attempts.map { "\($0.id)" }.joined(separator: ","))}"),
            .text("{\(attempts.map { "\($0.number)" }.joined(separator: ","))}"),
        ])
        var claims: [Claim] = []
        for row in 0..<result.rowCount {
            guard let (attempt, counted) = try result.uuid(row: row, column: 0).flatMap({ claimed[$0] }),
                let queuedAt = try result.unixTime(row: row, column: 10),
                let failures = try result.integer(row: row, column: 13)
            else { throw DatabaseError.unexpectedResult }
            claims.append(Claim(
                attempt: attempt, counted: counted, queuedAt: queuedAt, failures: Int(clamping: failures),
                delivery: try Self.delivery(attempt, queuedAt, result, row)))
        }
        return claims
    }

    private static func delivery(
        _ attempt: Delivery.Attempt, _ queuedAt: UnixTime, _ result: borrowing QueryResult, _ row: Int
    ) throws(DatabaseError) -> Delivery? {
        guard let kind = try result.text(row: row, column: 1).flatMap(Delivery.Kind.init),
            let clientApp = try result.uuid(row: row, column: 2),
            let files = try files(result.text(row: row, column: 11)),
            let secrets = try secrets(result.text(row: row, column: 12))
        else { return nil }
        let user = try result.uuid(row: row, column: 3)
        let mode = try result.text(row: row, column: 4).flatMap(Mode.init)
        let status = try result.text(row: row, column: 7)
        if kind == .retrieval, user == nil || mode == nil || status == nil { return nil }
        return Delivery(
            attempt: attempt, kind: kind, clientApp: ClientApp.ID(clientApp),
            user: kind == .test ? nil : user.map(User.ID.init), mode: mode ?? .sandbox,
            url: try result.text(row: row, column: 5), number: try result.integer(row: row, column: 6) ?? 0,
            status: kind == .test ? "test" : status ?? "", metadata: try result.text(row: row, column: 8) ?? "{}",
            createdAt: try result.unixTime(row: row, column: 9) ?? queuedAt, files: files, secrets: secrets)
    }

    /// As many files as a retrieval can have, with their names.
    private static let limits = JSONLimits(maximumBytes: 16 << 20, maximumDepth: 4, maximumMembers: 1 << 20)

    /// - Parameter text: an array of `{"id", "file_name", "size"}`.
    private static func files(_ text: String?) -> [Delivery.File]? {
        elements(of: text) { file in
            guard let id = file["id"]?.string.flatMap({ UUID($0) }), let name = file["file_name"]?.string,
                let bytes = file["size"]?.integer
            else { return nil }
            return Delivery.File(id: Document.ID(id), name: name, bytes: bytes)
        }
    }

    /// - Parameter text: an array of `{"id", "kid"}`.
    private static func secrets(_ text: String?) -> [WebhookSecret.Reference]? {
        elements(of: text) { secret in
            guard let id = secret["id"]?.string.flatMap({ UUID($0) }),
                let key = secret["kid"]?.string.flatMap({ KeyID($0) })
            else { return nil }
            return WebhookSecret.Reference(id: id, key: key)
        }
    }

    /// - Returns: nil where the text is no array of objects, or `read` finds one of them wanting.
    private static func elements<Element>(of text: String?, read: (JSONObject) -> Element?) -> [Element]? {
        guard let text else { return [] }
        let values = try? JSONValue(parsing: Array(text.utf8), limits: limits).array
        let elements = values?.compactMap { $0.object.flatMap(read) }
        return elements?.count == values?.count ? elements : nil
    }

    // MARK: - Settling

    private static let settle = Statement("""
        SELECT latchkey_delivery.settle($1, $2, $3, $4, $5, $6, $7)
        """)

    /// - Returns: false, and nothing is noted, when another attempt has begun since, or the delivery is gone.
    func settle(_ attempt: Delivery.Attempt, _ settlement: Settlement) throws(DatabaseError) -> Bool {
        let (outcome, again, pause): (String, Duration?, Duration?) =
            switch settlement.outcome {
            case .delivered: ("delivered", nil, nil)
            case .retry(let again, let pause): ("retry", again, pause)
            case .dead: ("dead", nil, nil)
            }
        let result = try run(Self.settle, [
            .uuid(attempt.id), .integer(attempt.number), .text(outcome), .text(orNull: again.map(Self.interval)),
            settlement.status.map { .integer(Int64($0)) } ?? .null, .text(orNull: settlement.error),
            .text(orNull: pause.map(Self.interval)),
        ])
        guard let isOurs = try result.boolean(row: 0, column: 0) else { throw DatabaseError.unexpectedResult }
        return isOurs
    }

    private static let release = Statement("""
        SELECT latchkey_delivery.release($1, $2)
        """)

    /// Gives a delivery back as if the attempt had not been made.
    func release(_ attempt: Delivery.Attempt) throws(DatabaseError) {
        _ = try run(Self.release, [.uuid(attempt.id), .integer(attempt.number)])
    }

    private static func interval(_ duration: Duration) -> String {
        "\(Int64(duration / .milliseconds(1))) milliseconds"
    }
}
