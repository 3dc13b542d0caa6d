import Synchronization

/// What the workers of a process know of the database's health.
///
/// While it is away, one worker at a time tries to connect again, after a pause that grows and differs from process to
/// process; the others answer at once instead of each waiting for a deadline. So nobody queues behind a dead server,
/// and a server that comes back is not met by everybody in the same moment.
public final class DatabaseAvailability: Sendable {
    private let failures = Atomic<Int>(0)
    /// Nanoseconds since `epoch` before which nobody tries.
    private let closedUntil = Atomic<Int64>(0)
    private let epoch = ContinuousClock.now

    private static let shortestPause: Duration = .milliseconds(100)
    private static let longestPause: Duration = .seconds(1)

    public init() {}

    /// Whether the last that was heard of the database is a failure.
    public var isAway: Bool { failures.load(ordering: .acquiring) > 0 }

    /// Whether this caller may try to connect now.
    ///
    /// - Parameter deadline: how long the try may take. Until then nobody else tries.
    public func mayTry(taking deadline: Duration) -> Bool {
        guard isAway else { return true }
        let now = nanoseconds(.now)
        let until = closedUntil.load(ordering: .acquiring)
        guard now >= until else { return false }
        let (isOurs, _) = closedUntil.compareExchange(
            expected: until, desired: now + nanoseconds(deadline), ordering: .acquiringAndReleasing)
        return isOurs
    }

    public func succeeded() {
        guard isAway else { return }
        failures.store(0, ordering: .releasing)
    }

    public func failed() {
        let count = failures.add(1, ordering: .acquiringAndReleasing).newValue
        let pause = Self.pause(after: count)
        closedUntil.store(nanoseconds(.now + pause), ordering: .releasing)
    }

    /// Twice as long after each failure, up to the longest, and of that a random part of at least one half.
    static func pause(after failures: Int) -> Duration {
        let doubled = shortestPause * (1 << min(max(failures - 1, 0), 10))
        return min(doubled, longestPause) * Double.random(in: 0.5...1)
    }

    private func nanoseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        nanoseconds(epoch.duration(to: instant))
    }

    private func nanoseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    }
}
