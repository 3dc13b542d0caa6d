/// What a NOTIFY said.
public struct Notification: Sendable, Hashable {
    public let channel: String
    public let payload: String
}

extension Connection {
    /// Waits for a notification; nil when the deadline has passed without one.
    ///
    /// For a connection of its own that leads straight to the primary (pgbouncer passes no notification on) and runs
    /// LISTEN on every new session. PostgreSQL keeps no notification for a session that is not there, so whatever the
    /// notifications are about must be read anew when `generation` has changed, and polled now and then as well:
    ///
    ///     let connection = Connection(conninfo, whenOpened: [Statement("LISTEN changes")])
    ///     while true {
    ///         try connection.open(deadline: ...)
    ///         if connection.generation != generation { reload() }
    ///         if try connection.waitForNotification(until: ...) != nil { reload() }
    ///     }
    ///
    /// - Throws: `connectionLost` when the session has ended, or was never opened; the connection is closed then.
    public func waitForNotification(until deadline: ContinuousClock.Instant) throws(DatabaseError) -> Notification? {
        guard let session else { throw DatabaseError(.connectionLost(sent: false)) }
        do {
            return try session.waitForNotification(until: deadline)
        } catch {
            close()
            throw error
        }
    }
}
