/// One connection to PostgreSQL, opened when it is first needed and again after it was lost.
///
/// It belongs to the thread that made it. Every call keeps its deadline by a clock that nobody sets, even when the
/// server stops in the middle of an answer. A connection that missed a deadline is closed, never asked to cancel: while
/// a write waits for its replica, cancelling it would report success for a row that may yet be lost.
public final class Connection {
    private let conninfo: Conninfo
    private let whenOpened: [Statement]
    /// nil while the connection is closed. Only this file and Notifications.swift use it.
    var session: Session?
    private var buffer = ParameterBuffer()
    /// The host to try first: the one that last answered, or the next one when that one failed.
    private var firstHost = 0
    /// How many times a session was opened: another number means another session on the server.
    public private(set) var generation = 0

    /// - Parameter whenOpened: what to run on every new session before its first use, such as `SET ROLE` or `LISTEN`.
    public init(_ conninfo: Conninfo, whenOpened: [Statement] = []) {
        self.conninfo = conninfo
        self.whenOpened = whenOpened
    }

    /// - Throws: `invalidConninfo`, as `Conninfo` does.
    public convenience init(
        conninfo: String, applicationName: String = "latchkeyd", whenOpened: [Statement] = []
    ) throws(DatabaseError) {
        self.init(try Conninfo(conninfo, applicationName: applicationName), whenOpened: whenOpened)
    }

    public var isOpen: Bool { session != nil }

    /// The server's version as a number, such as 150018 for 15.18; nil while the connection is closed.
    public var serverVersion: Int? { session?.serverVersion }

    public func close() {
        session = nil
    }

    /// Opens the connection where it is not open; `run` does so by itself.
    ///
    /// A session that ended while it was idle is replaced, so that a server's restart between two requests costs the
    /// second one a connect and not its answer.
    public func open(deadline: ContinuousClock.Instant) throws(DatabaseError) {
        if let session, session.isAlive { return }
        session = nil
        let opened = try connectToAnyHost(deadline: deadline)
        for statement in whenOpened {
            // A session without its role or its LISTEN must not be taken for one that has it: it is kept only after.
            _ = try opened.run(statement, ParameterBuffer(), deadline: deadline)
        }
        session = opened
        generation += 1
    }

    /// Runs one statement in a transaction of its own and returns its rows.
    ///
    /// After an error that leaves the session unusable or its state unknown, the connection is closed, and the next run
    /// opens another. The corresponding C function is `PQsendQueryParams`, which prepares nothing by name and so works
    /// behind pgbouncer.
    /// - Throws: `invalidParameter` for a text with NUL, before anything is sent; else what the server answered or what
    ///   happened on the way.
    public func run(
        _ statement: Statement, _ parameters: [Parameter] = [], deadline: ContinuousClock.Instant
    ) throws(DatabaseError) -> QueryResult {
        try buffer.fill(with: parameters)
        try open(deadline: deadline)
        guard let session else { throw .unreachable }
        do {
            return try session.run(statement, buffer, deadline: deadline)
        } catch {
            if error.needsReconnect || !session.isIdle { close() }
            throw error
        }
    }

    /// Tries each host in its share of the time that is left.
    private func connectToAnyHost(deadline: ContinuousClock.Instant) throws(DatabaseError) -> Session {
        var messages: [String] = []
        for attempt in 0..<conninfo.hostCount {
            let host = (firstHost + attempt) % conninfo.hostCount
            let share = ContinuousClock.now.duration(to: deadline) / (conninfo.hostCount - attempt)
            guard share > .zero else { break }
            let limit = min(share, conninfo.timeoutPerHost ?? share)
            do {
                let session = try Session(conninfo, host: host, deadline: .now + limit)
                firstHost = host
                return session
            } catch {
                messages.append(error.serverMessage ?? error.description)
            }
        }
        firstHost = (firstHost + 1) % conninfo.hostCount
        throw messages.isEmpty
            ? DatabaseError(.deadline(sent: false))
            : DatabaseError(.unreachable, serverMessage: messages.joined(separator: "; "))
    }
}
