public import PostgreSQL
internal import WireFormats

/// Sends what is due until it is stopped. It belongs to the thread that runs it, and so does the connection to the
/// database; the transport works elsewhere.
///
/// A delivery is claimed for a lease, sent, and settled. Whatever happens in between, be it that this process is killed
/// or the database goes away, the lease ends and it is due again: so it arrives at least once, under the same id.
public final class DeliveryLoop {
    public struct Limits: Sendable {
        /// Attempts under way at a time.
        public var concurrency: Int
        /// Of them, for one client app.
        public var perApp: Int

        public init(concurrency: Int, perApp: Int) {
            self.concurrency = concurrency
            self.perApp = perApp
        }

        /// Of them, for apps whose receiver failed last. Each may take all of its time, so dead receivers, however
        /// many, leave a quarter to the others.
        var failing: Int { concurrency - concurrency / 4 }
    }

    /// What the log is told of an attempt.
    public struct Report: Sendable {
        public let attempt: Delivery.Attempt
        /// nil where its row was not understood.
        public let delivery: Delivery?
        public let settlement: Settlement
        public let took: Duration
    }

    /// Of the loop's own affairs.
    public enum Event: Sendable {
        case settled(Report)
        /// It does not count: another attempt at the delivery has begun since, or the delivery is gone.
        case superseded(Report)
        /// The database refused to note what became of it, which will be found out again.
        case notSettled(Delivery.Attempt, DatabaseError)
        /// For the first time since it was there.
        case databaseAway(DatabaseError)
        case databaseBack
    }

    private struct UnderWay {
        let claim: Claim
        let began: ContinuousClock.Instant
    }

    private let store: DeliveryStore
    private let limits: Limits
    private let keys: WebhookKeys
    private let baseURLs: BaseURLs
    private let transport: any WebhookTransport
    private let schedule: WebhookSchedule
    private let environment: Environment
    private let notice: (Event) -> Void
    private let mailbox: DeliveryMailbox

    private var underWay: [Delivery.Attempt: UnderWay] = [:]
    /// What has ended and is not noted in the database yet.
    private var unsettled: [Report] = []
    private var failures = 0

    /// Longer than an attempt takes, a try to settle it, and the pauses between further tries.
    private static let lease: Duration = .seconds(30)
    /// How often the database is asked when nothing seems to be due.
    private static let poll: Duration = .seconds(1)
    /// As long as an attempt may take, so that nearly none has to be given back.
    private static let drain: Duration = .seconds(10)

    /// Stops a loop, from any thread.
    public struct Stopper: Sendable {
        fileprivate let mailbox: DeliveryMailbox

        public func stop() {
            mailbox.stop()
        }
    }

    /// Connects to the database.
    ///
    /// - Throws: a sentence when the database is away or its schema is not one of ours.
    public init(
        conninfo: Conninfo, limits: Limits, keys: WebhookKeys, baseURLs: BaseURLs, transport: any WebhookTransport,
        schedule: WebhookSchedule = WebhookSchedule(), environment: Environment = .live,
        notice: @escaping (Event) -> Void
    ) throws(StartError) {
        store = DeliveryStore(conninfo: conninfo)
        self.limits = limits
        self.keys = keys
        self.baseURLs = baseURLs
        self.transport = transport
        self.schedule = schedule
        self.environment = environment
        self.notice = notice
        mailbox = DeliveryMailbox()
        let schema: SchemaVersion
        do throws(DatabaseError) {
            schema = try store.schemaVersion()
        } catch {
            throw StartError(error)
        }
        if let mistake = schema.mistake { throw StartError(mistake) }
        do throws(DatabaseError) {
            // Nothing yet, but it shows whether the role may.
            _ = try store.claim(atMost: 0, perApp: limits.perApp, failing: 0, lease: Self.lease)
        } catch {
            guard error.kind == .server(.insufficientPrivilege) else { throw StartError(error) }
            throw StartError("the database role may not use the schema latchkey_delivery: "
                + "connect as latchkey_webhooks, to which migrations/ grants that")
        }
    }

    public var stopper: Stopper { Stopper(mailbox: mailbox) }

    /// Runs until it is stopped: then nothing more is claimed, what is under way ends, and what does not end in time is
    /// given back.
    public func run() {
        var wait: Duration = .zero
        var end: ContinuousClock.Instant?
        while true {
            let (finished, isStopping) = mailbox.take(waiting: wait)
            for one in finished { finish(one) }
            forgetOverdue()
            if isStopping, end == nil { end = .now + Self.drain }
            do throws(DatabaseError) {
                try settleAll()
                let mayBeMore = end == nil ? try claim() : false
                wait = mayBeMore ? .zero : Self.poll
                noteSuccess()
            } catch {
                wait = noteFailure(error)
            }
            guard let end else { continue }
            if underWay.isEmpty && unsettled.isEmpty || ContinuousClock.now >= end { break }
            wait = min(wait, ContinuousClock.now.duration(to: end))
        }
        giveBack()
    }

    // MARK: - Sending

    /// - Returns: whether there may be more that could be sent at once.
    private func claim() throws(DatabaseError) -> Bool {
        let free = limits.concurrency - underWay.count - unsettled.count
        guard free > 0 else { return false }
        let failing = limits.failing - underWay.values.count { $0.claim.failures > 0 }
        let limit = min(free, DeliveryStore.batch)
        let claims = try store.claim(atMost: limit, perApp: limits.perApp, failing: failing, lease: Self.lease)
        for claim in claims { send(claim) }
        return !unsettled.isEmpty || claims.count == limit
    }

    private func send(_ claim: Claim) {
        let attempt = claim.attempt
        underWay[attempt] = UnderWay(claim: claim, began: .now)
        do throws(WebhookFailure) {
            guard let delivery = claim.delivery else { throw .unreadable }
            let request = try WebhookRequest(
                delivery, keys: keys.current, baseURLs: baseURLs, now: environment.now)
            transport.send(request) { [mailbox] answer in
                mailbox.put(DeliveryMailbox.Finished(attempt: attempt, answer: answer))
            }
        } catch {
            finish(DeliveryMailbox.Finished(attempt: attempt, answer: .failure(error)))
        }
    }

    private func finish(_ finished: DeliveryMailbox.Finished) {
        guard let ended = underWay.removeValue(forKey: finished.attempt) else { return }
        let settlement = Settlement(
            finished.answer, attempt: ended.claim.counted, failures: ended.claim.failures,
            queued: ended.claim.queuedAt, now: environment.now, schedule: schedule)
        unsettled.append(Report(
            attempt: finished.attempt, delivery: ended.claim.delivery, settlement: settlement,
            took: ended.began.duration(to: .now)))
    }

    /// The transport promises an answer in time. Should it break that promise, no place is lost for good.
    private func forgetOverdue() {
        let begin = ContinuousClock.now - Self.lease
        for (attempt, one) in underWay where one.began < begin {
            finish(DeliveryMailbox.Finished(attempt: attempt, answer: .failure(.timeout)))
        }
    }

    // MARK: - Settling

    /// Settles what has ended. What the database does not take now, because it is away, is kept for the next time.
    private func settleAll() throws(DatabaseError) {
        while let next = unsettled.last {
            do throws(DatabaseError) {
                let counts = try store.settle(next.attempt, next.settlement)
                notice(counts ? .settled(next) : .superseded(next))
            } catch {
                if error.isOutage { throw error }
                // Its lease ends, and it is due again.
                notice(.notSettled(next.attempt, error))
            }
            unsettled.removeLast()
        }
    }

    private func giveBack() {
        for attempt in underWay.keys {
            do throws(DatabaseError) {
                try store.release(attempt)
            } catch {
                // Their leases end.
                return
            }
        }
    }

    // MARK: - The database's health

    private func noteSuccess() {
        if failures > 0 { notice(.databaseBack) }
        failures = 0
    }

    /// - Returns: how long to wait.
    private func noteFailure(_ error: DatabaseError) -> Duration {
        failures += 1
        if failures == 1 { notice(.databaseAway(error)) }
        return DatabaseAvailability.pause(after: failures)
    }
}
