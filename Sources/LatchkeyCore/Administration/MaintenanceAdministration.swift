public import PostgreSQL

extension Administration {
    /// Any number will do, as long as it is nobody else's: "latchkey" in ASCII.
    private static let maintenanceLock = Parameter.integer(0x6c61_7463_686b_6579)

    private static let lockMaintenance = Statement("""
        SELECT pg_try_advisory_lock($1)
        """)

    /// Keeps other runs of the maintenance away until the connection ends.
    ///
    /// - Returns: false when one is under way.
    public func lockMaintenance() throws(DatabaseError) -> Bool {
        try runBoolean(Self.lockMaintenance, [Self.maintenanceLock])
    }

    private static let abandonRetrievals = Statement("""
        SELECT latchkey_admin.abandon_retrievals($1, $2)
        """)

    /// Abandons open retrievals, whose files nobody needs then.
    ///
    /// - Returns: how many; fewer than `limit` when there are no more. So do the others here.
    public func abandonRetrievals(olderThan age: Duration, atMost limit: Int) throws(DatabaseError) -> Int {
        try runBatch(Self.abandonRetrievals, age, limit)
    }

    private static let removeDeliveries = Statement("""
        SELECT latchkey_admin.remove_deliveries($1, $2)
        """)

    /// Removes deliveries that are over, delivered or given up.
    public func removeDeliveries(olderThan age: Duration, atMost limit: Int) throws(DatabaseError) -> Int {
        try runBatch(Self.removeDeliveries, age, limit)
    }

    private static let removeRetrievals = Statement("""
        SELECT latchkey_admin.remove_retrievals($1, $2)
        """)

    /// Removes the rows of retrievals that are over; their documents stay.
    public func removeRetrievals(olderThan age: Duration, atMost limit: Int) throws(DatabaseError) -> Int {
        try runBatch(Self.removeRetrievals, age, limit)
    }

    private func runBatch(_ statement: Statement, _ age: Duration, _ limit: Int) throws(DatabaseError) -> Int {
        let result = try run(statement, [.text("\(age.components.seconds) seconds"), .integer(Int64(limit))])
        guard let done = try result.integer(row: 0, column: 0) else { throw DatabaseError.unexpectedResult }
        return Int(done)
    }

    private static let removeExpired = Statement("""
        SELECT task, done
        FROM latchkey_admin.remove_expired($1)
        """)

    /// Removes what has ended by itself, and makes what will be needed.
    ///
    /// - Returns: how much was done, by the task's name.
    public func removeExpired(atMost limit: Int) throws(DatabaseError) -> [(task: String, done: Int)] {
        let result = try run(Self.removeExpired, [.integer(Int64(limit))])
        var tasks: [(task: String, done: Int)] = []
        for row in 0..<result.rowCount {
            guard let task = try result.text(row: row, column: 0), let done = try result.integer(row: row, column: 1)
            else { throw DatabaseError.unexpectedResult }
            tasks.append((task, Int(done)))
        }
        return tasks
    }

    private static let dropAuditPartitions = Statement("""
        SELECT name
        FROM latchkey_admin.drop_audit_partitions($1, $2) AS d (name)
        """)

    /// Drops whole months of the audit log.
    ///
    /// - Returns: the names of their tables.
    public func dropAuditPartitions(keepingMonths months: Int) throws(DatabaseError) -> [String] {
        let result = try run(Self.dropAuditPartitions, [.text(actor), .integer(Int64(months))])
        var names: [String] = []
        for row in 0..<result.rowCount {
            guard let name = try result.text(row: row, column: 0) else { throw DatabaseError.unexpectedResult }
            names.append(name)
        }
        return names
    }
}
