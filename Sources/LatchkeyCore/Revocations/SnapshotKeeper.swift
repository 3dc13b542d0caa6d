public import Logging
public import PostgreSQL
import Glibc

/// Keeps the snapshot true: loads it at the start, again at each change that the database announces or a poll finds,
/// and after every reconnect. It belongs to the thread that runs it.
public final class SnapshotKeeper {
    public let holder: SnapshotHolder
    private let store: SnapshotStore
    private let poll: Duration
    private let logger: Logger
    private var session: Int

    /// How long connecting and asking for the version may take, and how long reading a snapshot, which is read in one
    /// go however many revocations there are.
    private static let versionDeadline: Duration = .seconds(2)
    private static let snapshotDeadline: Duration = .seconds(10)

    /// Connects and loads the first snapshot.
    ///
    /// - Parameter poll: how long to wait for a notification before asking. A notification is not stored for whoever
    ///   is not connected, so it alone would not do.
    /// - Throws: a sentence when the database is away or its schema is not one of ours.
    public init(conninfo: Conninfo, poll: Duration, logger: Logger) throws(StartError) {
        store = SnapshotStore(conninfo)
        self.poll = poll
        self.logger = logger
        do {
            let schema = try store.schemaVersion(deadline: .now + Self.versionDeadline)
            if let mistake = schema.mistake { throw StartError(mistake) }
            let start = ContinuousClock.now
            holder = SnapshotHolder(try store.snapshot(deadline: start + Self.snapshotDeadline))
            holder.confirm(at: start)
            session = store.session
        } catch let error as DatabaseError {
            throw StartError(error)
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Runs until the process ends.
    public func run() -> Never {
        var failures = 0
        while true {
            do throws(DatabaseError) {
                try waitForChange()
                try refresh()
                if failures > 0 { logger.notice("the database is back") }
                failures = 0
            } catch {
                store.close()
                failures += 1
                if failures == 1 {
                    logger.error("verify goes on without the database", metadata: ["reason": "\(error)"])
                }
                let pause = DatabaseAvailability.pause(after: failures)
                usleep(useconds_t(pause / .microseconds(1)))
            }
        }
    }

    private func waitForChange() throws(DatabaseError) {
        if store.isOpen { try store.waitForChange(until: .now + poll) }
    }

    private func refresh() throws(DatabaseError) {
        let start = ContinuousClock.now
        let version = try store.version(deadline: start + Self.versionDeadline)
        if version != holder.version || store.session != session {
            holder.replace(with: try store.snapshot(deadline: start + Self.snapshotDeadline))
            session = store.session
        }
        holder.confirm(at: start)
    }
}
