import Synchronization

/// The newest snapshot, for all workers, and when it was last known to be true.
public final class SnapshotHolder: Sendable {
    private let snapshot: Mutex<VerifierSnapshot>
    private let edition = Atomic<Int>(1)
    /// Nanoseconds since `epoch`.
    private let confirmed = Atomic<Int64>(0)
    private let epoch = ContinuousClock.now

    /// - Parameter snapshot: true at this moment.
    public init(_ snapshot: VerifierSnapshot) {
        self.snapshot = Mutex(snapshot)
    }

    public var version: Int64 { snapshot.withLock { $0.version } }

    public func replace(with snapshot: VerifierSnapshot) {
        self.snapshot.withLock { $0 = snapshot }
        edition.add(1, ordering: .releasing)
    }

    /// The snapshot was the database's state at `instant`.
    public func confirm(at instant: ContinuousClock.Instant) {
        let (seconds, attoseconds) = epoch.duration(to: instant).components
        confirmed.store(seconds * 1_000_000_000 + attoseconds / 1_000_000_000, ordering: .releasing)
    }

    /// How long ago the snapshot was last known to be true.
    public var age: Duration {
        epoch.duration(to: .now) - .nanoseconds(confirmed.load(ordering: .acquiring))
    }

    /// The snapshot and a number that changes with it.
    public var current: (edition: Int, snapshot: VerifierSnapshot) {
        let number = edition.load(ordering: .acquiring)
        return (number, snapshot.withLock { $0 })
    }

    public var currentEdition: Int { edition.load(ordering: .acquiring) }
}
