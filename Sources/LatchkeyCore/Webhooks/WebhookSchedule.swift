public import WireFormats

/// When a delivery that failed is tried again, and when it is given up.
public struct WebhookSchedule: Sendable {
    /// A factor for each pause, so that what failed together does not come back together.
    private let jitter: @Sendable () -> Double

    /// How long a delivery is tried for.
    public static let lifetime: Duration = .seconds(3 * 86_400)
    /// After the first attempt, the second ...; after those that follow, the last of them.
    private static let pauses: [Int64] = [30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600]
    /// The last attempt, at the end of the lifetime, is not sooner after the one before it.
    private static let shortestPause: Duration = .seconds(10)

    public init(jitter: @escaping @Sendable () -> Double = { Double.random(in: 0.8...1.2) }) {
        self.jitter = jitter
    }

    /// How long to wait after a failed attempt. The last one is at the end of the lifetime, so that a receiver which is
    /// back by then gets it.
    ///
    /// - Parameters:
    ///   - attempt: which it is since the delivery was queued, from 1 on.
    ///   - queued: when the delivery was queued, or replayed.
    /// - Returns: nil when it is to be given up.
    public func pause(afterAttempt attempt: Int, queued: UnixTime, now: UnixTime) -> Duration? {
        let left = queued + Self.lifetime - now
        guard left > .zero else { return nil }
        let index = min(max(attempt, 1), Self.pauses.count) - 1
        return max(min(.seconds(Self.pauses[index]) * jitter(), left), Self.shortestPause)
    }

    /// How long nothing at all is sent to an app whose receiver has just failed: twice as long each time, up to a
    /// minute.
    ///
    /// - Parameter failures: how many attempts have failed there, of whichever deliveries, since one succeeded.
    public func pauseOfReceiver(afterFailures failures: Int) -> Duration {
        .seconds(min(5 << min(max(failures - 1, 0), 4), 60)) * jitter()
    }
}
