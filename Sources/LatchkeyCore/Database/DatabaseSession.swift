public import PostgreSQL
import Glibc

/// A worker's way to the database: its own connection, a deadline for each call, and repetition where it is safe.
public final class DatabaseSession {
    private let connection: Connection
    private let availability: DatabaseAvailability
    private let deadline: Duration

    /// How often one call may be sent again, and how long before the second time. A server that just restarts is
    /// back within that.
    private static let repetitions = 3
    private static let pause: useconds_t = 20_000

    /// - Parameter deadline: the longest that one call may take, connecting and repetitions included.
    public init(conninfo: Conninfo, availability: DatabaseAvailability, deadline: Duration) {
        connection = Connection(conninfo)
        self.availability = availability
        self.deadline = deadline
    }

    /// Runs a statement that may be sent twice without harm: its effect is bound to ids that the caller made.
    ///
    /// - Parameter waited: how much of the deadline has passed before the call.
    /// - Throws: an error that is an outage (`isOutage`) when the database is away or has just been found to be.
    public func runRepeatable(
        _ statement: Statement, _ parameters: [Parameter], waited: Duration = .zero
    ) throws(DatabaseError) -> QueryResult {
        let end = ContinuousClock.now + deadline - waited
        // Nothing is found out about the database then, and the others must not be told that it is away.
        guard waited < deadline else { throw DatabaseError.unreachable }
        var attempt = 1
        while true {
            // A connection that stands is worth a try whatever the others met.
            guard attempt > 1 || connection.isOpen || availability.mayTry(taking: deadline) else {
                throw DatabaseError.unreachable
            }
            do throws(DatabaseError) {
                let result = try connection.run(statement, parameters, deadline: end)
                availability.succeeded()
                return result
            } catch {
                // Not where the database is known to be away: one try is what the pause before it allows.
                let mayRepeat = (error.isRetryable || error.isAmbiguous) && !availability.isAway
                let hasTime = ContinuousClock.now + .microseconds(Int64(Self.pause)) < end
                guard mayRepeat, hasTime, attempt < Self.repetitions else {
                    // A server that objects is there.
                    if error.isOutage { availability.failed() } else { availability.succeeded() }
                    throw error
                }
                // The first repetition is for a connection that ended while it was idle: nothing to wait for.
                if attempt > 1 { usleep(Self.pause) }
                attempt += 1
            }
        }
    }
}
