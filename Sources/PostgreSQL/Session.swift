internal import CLibPQ

/// One session with one server: it owns libpq's `PGconn` from the connect to its end, never blocks beyond a deadline,
/// and is of no use after the first error of the connection.
@safe
final class Session {
    private let handle: OpaquePointer  // <PGconn>

    /// Connects without blocking. The corresponding C functions are `PQconnectStartParams` and `PQconnectPoll`.
    /// - Throws: `unreachable`, with libpq's message.
    init(_ conninfo: Conninfo, host: Int, deadline: ContinuousClock.Instant) throws(DatabaseError) {
        let (keywords, values) = try conninfo.parameters(host: host)
        let started = unsafe keywords.withPointers { keywords in
            unsafe values.withPointers { values in
                unsafe PQconnectStartParams(keywords, values, 0)
            }
        }
        guard let started = unsafe started else { throw DatabaseError(.unreachable, serverMessage: "out of memory") }
        do {
            try unsafe Self.finishConnecting(started, until: deadline)
        } catch {
            unsafe PQfinish(started)
            throw error
        }
        unsafe handle = started
    }

    deinit {
        unsafe PQfinish(handle)
    }

    private static func finishConnecting(
        _ handle: OpaquePointer, until deadline: ContinuousClock.Instant
    ) throws(DatabaseError) {
        unsafe PQsetNoticeReceiver(handle, dropNotice, nil)
        // libpq wants the first wait to be for writing, and may change its socket from one step to the next.
        var step = unsafe PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while step != PGRES_POLLING_OK {
            let descriptor = unsafe PQsocket(handle)
            guard step != PGRES_POLLING_FAILED, descriptor >= 0 else {
                throw DatabaseError(.unreachable, serverMessage: unsafe message(of: handle))
            }
            let readiness = step == PGRES_POLLING_READING ? Readiness.read : .write
            guard readiness.wait(for: descriptor, until: deadline) else {
                let host = unsafe hostName(of: handle)
                throw DatabaseError(.unreachable, serverMessage: "no answer in time from \(host)")
            }
            step = unsafe PQconnectPoll(handle)
        }
        // Otherwise libpq blocks in sending what does not fit into the socket's buffer.
        guard unsafe PQsetnonblocking(handle, 1) == 0 else {
            throw DatabaseError(.unreachable, serverMessage: unsafe message(of: handle))
        }
    }

    var descriptor: Int32? {
        let descriptor = unsafe PQsocket(handle)
        return descriptor < 0 ? nil : descriptor
    }

    var serverVersion: Int { unsafe Int(PQserverVersion(handle)) }

    /// No transaction is open: neither a failed nor a forgotten one passes to the next user of the session.
    var isIdle: Bool { unsafe PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Whether the session still stands, as far as can be told without asking the server. A server that ended it said
    /// so or closed the socket, and either way there is something to read.
    var isAlive: Bool {
        guard let descriptor else { return false }
        while Readiness.read.isNow(for: descriptor) {
            guard unsafe PQconsumeInput(handle) == 1, unsafe PQstatus(handle) == CONNECTION_OK else { return false }
        }
        return true
    }

    /// Sends a statement and waits for its result.
    /// - Throws: what the server answered; `deadline` or `connectionLost`, after which the session must not be used.
    func run(
        _ statement: Statement, _ buffer: ParameterBuffer, deadline: ContinuousClock.Instant
    ) throws(DatabaseError) -> QueryResult {
        guard ContinuousClock.now < deadline else { throw DatabaseError(.deadline(sent: false)) }
        guard send(statement, buffer) else { throw DatabaseError(.connectionLost(sent: true)) }
        guard let result = try nextResult(until: deadline) else { throw .unexpectedResult }
        var error = result.error
        // A COPY, say, waits for rows for ever: the caller closes a session that is left in the middle of something.
        if let error, error.kind == .unexpectedResult { throw error }
        // Rows are no success yet: the server commits behind them. A server that dies in between sends what it has, the
        // rows among it, and then its last message or nothing more.
        while let later = try nextResult(until: deadline) { error = error ?? later.error }
        if let error { throw error }
        guard hasAnswered else { throw DatabaseError(.connectionLost(sent: true)) }
        return result
    }

    /// The server has said that it is ready for the next statement, so this one's transaction is over.
    private var hasAnswered: Bool {
        let status = unsafe PQtransactionStatus(handle)
        return unsafe PQstatus(handle) == CONNECTION_OK && status != PQTRANS_ACTIVE && status != PQTRANS_UNKNOWN
    }

    /// Waits for a notification; nil when the deadline has passed without one.
    func waitForNotification(until deadline: ContinuousClock.Instant) throws(DatabaseError) -> Notification? {
        while true {
            if let notify = unsafe PQnotifies(handle) {
                defer { unsafe PQfreemem(notify) }
                return unsafe Notification(
                    channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra))
            }
            guard let descriptor else { throw DatabaseError(.connectionLost(sent: false)) }
            guard Readiness.read.wait(for: descriptor, until: deadline) else { return nil }
            guard unsafe PQconsumeInput(handle) == 1 else { throw DatabaseError(.connectionLost(sent: false)) }
        }
    }

    private func send(_ statement: Statement, _ buffer: ParameterBuffer) -> Bool {
        unsafe buffer.withPointers { values in
            unsafe statement.text.utf8Start.withMemoryRebound(to: CChar.self, capacity: 1) { text in
                unsafe PQsendQueryParams(
                    handle, text, Int32(buffer.count), buffer.types, values, buffer.lengths, buffer.formats, 1) == 1
            }
        }
    }

    /// The next result of the statement under way, nil when there are no more.
    private func nextResult(until deadline: ContinuousClock.Instant) throws(DatabaseError) -> QueryResult? {
        while let descriptor {
            let allSent = unsafe PQflush(handle) == 0
            let isComplete = unsafe PQisBusy(handle) == 0
            if allSent && isComplete { break }
            let readiness = allSent ? Readiness.read : .readOrWrite
            guard readiness.wait(for: descriptor, until: deadline) else { throw DatabaseError(.deadline(sent: true)) }
            // A connection that ended may have left a last message behind, which PQgetResult then finds.
            guard unsafe PQconsumeInput(handle) == 1 else { break }
        }
        guard let result = unsafe PQgetResult(handle) else { return nil }
        return unsafe QueryResult(owning: result)
    }

    private static func message(of handle: OpaquePointer) -> String {
        let message = unsafe String(cString: PQerrorMessage(handle))
        return message.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    private static func hostName(of handle: OpaquePointer) -> String {
        unsafe PQhost(handle).map { unsafe String(cString: $0) } ?? "the server"
    }
}

/// What PostgreSQL says beside its answers ("relation already exists, skipping") is dropped: by default libpq prints it
/// on stderr, in the middle of the log. The C slot is `PQnoticeReceiver`.
private func dropNotice(_ argument: UnsafeMutableRawPointer?, _ notice: OpaquePointer?) {}
