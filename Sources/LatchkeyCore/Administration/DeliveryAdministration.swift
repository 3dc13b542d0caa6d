public import PostgreSQL
public import WireFormats

/// A delivery of a webhook as the administrator sees it.
public struct DeliveryRecord: Sendable {
    public enum State: String, Sendable, CaseIterable {
        case pending, delivered, dead
    }

    public let id: UUID
    public let clientApp: ClientApp.ID
    /// nil for a test.
    public let user: User.ID?
    public let mode: String
    public let kind: String
    public let retrieval: UUID?
    public let state: String
    /// nil: the client app's own at the time of sending.
    public let url: String?
    /// Since it was queued last, without those that did not take place: those that the schedule counts.
    public let attempts: Int
    public let createdAt: UnixTime
    /// When it was queued last: later than `createdAt` for one that was replayed.
    public let queuedAt: UnixTime
    /// nil for one that is over.
    public let nextAttemptAt: UnixTime?
    public let lastAttemptAt: UnixTime?
    /// The HTTP status of the receiver's last answer.
    public let lastStatus: Int?
    public let lastError: String?
    /// What it announces: a retrieval's `success` or `failure`, or `test`.
    public let status: String
    /// The retrieval's number, the payload's `data.id`; 0 for a test.
    public let number: Int64
    public let documentCount: Int
}

extension Administration {
    // By id: the primary key leads there, and an id of version 7 begins with its time.
    private static let deliveries = Statement("""
        SELECT id, client_app_id, CASE WHEN kind = 'retrieval' THEN user_id END, mode::text, kind, retrieval_id, state,
            url, attempts - attempts_uncounted, created_at, CASE WHEN state = 'pending' THEN next_attempt_at END,
            last_attempt_at, last_status, last_error, status, number, cardinality(document_ids), queued_at
        FROM latchkey.webhook_deliveries
        WHERE ($1::uuid IS NULL OR id = $1)
          AND ($2::uuid IS NULL OR client_app_id = $2)
          AND ($3::text IS NULL OR state = $3)
        ORDER BY id DESC
        LIMIT $4
        """)

    /// The newest deliveries, the newest first.
    public func deliveries(
        of clientApp: ClientApp.ID?, in state: DeliveryRecord.State?, atMost limit: Int
    ) throws(DatabaseError) -> [DeliveryRecord] {
        try deliveries([
            .null, .uuid(orNull: clientApp?.uuid), .text(orNull: state?.rawValue), .integer(Int64(limit)),
        ])
    }

    public func delivery(_ id: UUID) throws(DatabaseError) -> DeliveryRecord? {
        try deliveries([.uuid(id), .null, .null, .integer(1)]).first
    }

    private func deliveries(_ parameters: [Parameter]) throws(DatabaseError) -> [DeliveryRecord] {
        let result = try run(Self.deliveries, parameters)
        var deliveries: [DeliveryRecord] = []
        for row in 0..<result.rowCount {
            guard let id = try result.uuid(row: row, column: 0), let app = try result.uuid(row: row, column: 1),
                let mode = try result.text(row: row, column: 3), let kind = try result.text(row: row, column: 4),
                let state = try result.text(row: row, column: 6),
                let attempts = try result.integer(row: row, column: 8),
                let createdAt = try result.unixTime(row: row, column: 9),
                let status = try result.text(row: row, column: 14),
                let number = try result.integer(row: row, column: 15),
                let documentCount = try result.integer(row: row, column: 16),
                let queuedAt = try result.unixTime(row: row, column: 17)
            else { throw DatabaseError.unexpectedResult }
            deliveries.append(DeliveryRecord(
                id: id, clientApp: ClientApp.ID(app), user: try result.uuid(row: row, column: 2).map { User.ID($0) },
                mode: mode, kind: kind, retrieval: try result.uuid(row: row, column: 5), state: state,
                url: try result.text(row: row, column: 7), attempts: Int(attempts), createdAt: createdAt,
                queuedAt: queuedAt, nextAttemptAt: try result.unixTime(row: row, column: 10),
                lastAttemptAt: try result.unixTime(row: row, column: 11),
                lastStatus: try result.integer(row: row, column: 12).map { Int($0) },
                lastError: try result.text(row: row, column: 13), status: status, number: number,
                documentCount: Int(documentCount)))
        }
        return deliveries
    }

    private static let replayDelivery = Statement("""
        SELECT latchkey_admin.replay_delivery($1, $2)
        """)

    /// Makes a delivery due again, under its id.
    ///
    /// - Returns: false when there is none to replay.
    public func replayDelivery(_ id: UUID) throws(DatabaseError) -> Bool {
        try runBoolean(Self.replayDelivery, [.text(actor), .uuid(id)])
    }

    private static let createTestDelivery = Statement("""
        SELECT latchkey_admin.create_test_delivery($1, $2, $3)
        """)

    /// What became of the wish for a test.
    public enum TestOutcome: String, Sendable {
        case ok
        case unknownApp = "unknown_app"
        case noURL = "no_url"
        case noSecret = "no_secret"
    }

    /// Queues a delivery that announces nothing.
    public func createTestDelivery(_ id: UUID, for clientApp: ClientApp.ID) throws(DatabaseError) -> TestOutcome {
        let result = try run(Self.createTestDelivery, [.text(actor), .uuid(clientApp.uuid), .uuid(id)])
        guard let outcome = try result.text(row: 0, column: 0).flatMap({ TestOutcome(rawValue: $0) }) else {
            throw DatabaseError.unexpectedResult
        }
        return outcome
    }
}
