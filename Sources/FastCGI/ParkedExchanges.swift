import Synchronization

/// The exchanges of a lane that wait without a worker.
///
/// Each has a tag, with which its connection is armed in the lane's set. Whoever takes it out of here by an event's tag
/// has it alone, and only then may its connection be closed: so an event that comes too late finds nothing, also where
/// the number of the descriptor is another connection's by then.
final class ParkedExchanges: Sendable {
    /// Sendable though an exchange is not: whoever parks it gives it away, one alone takes it, and the lock is between
    /// the two. libfcgi keeps all that belongs to a request in the request, and nothing by thread.
    struct Entry: @unchecked Sendable {
        let exchange: Exchange
        let connection: Int32
        let start: ContinuousClock.Instant
        fileprivate let set: ReadinessSet
        fileprivate(set) var isResumed = false

        /// Watches the connection. With the lock: nobody can close it meanwhile, and of two the later call holds.
        fileprivate func watch(as tag: UInt32) {
            set.watch(connection, parkedAs: tag, isResumed: isResumed)
        }
    }

    private struct State {
        var entries: [UInt32: Entry] = [:]
        var lastTag: UInt32 = 0
        var isClosed = false
    }

    private let maximum: Int
    private let state = Mutex(State())

    init(maximum: Int) {
        self.maximum = maximum
    }

    var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

    /// - Returns: nil when there is no place, or none any more; the exchange stays the caller's.
    func park(
        _ exchange: Exchange, on connection: Int32, since start: ContinuousClock.Instant, in set: ReadinessSet
    ) -> ParkedExchange? {
        // What is left of the request would be taken for something that came behind it.
        guard maximum > 0, exchange.drain() else { return nil }
        let entry = Entry(exchange: exchange, connection: connection, start: start, set: set)
        let tag: UInt32? = state.withLock { state in
            guard !state.isClosed, state.entries.count < maximum else { return nil }
            // 0 is no tag. All the others have come round when one is used again.
            repeat { state.lastTag &+= 1 } while state.lastTag == 0 || state.entries[state.lastTag] != nil
            state.entries[state.lastTag] = entry
            entry.watch(as: state.lastTag)
            return state.lastTag
        }
        return tag.map { ParkedExchange(exchanges: self, tag: $0) }
    }

    func isWaiting(_ tag: UInt32) -> Bool {
        state.withLock { $0.entries[tag]?.isResumed == false }
    }

    func resume(_ tag: UInt32) {
        state.withLock { Self.resume(tag, in: &$0) }
    }

    /// Resumes all, and takes no more.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for tag in state.entries.keys { Self.resume(tag, in: &state) }
        }
    }

    /// Takes one out for whoever has an event of it.
    ///
    /// - Returns: nil when another had one before.
    func take(_ tag: UInt32) -> Entry? {
        state.withLock { $0.entries.removeValue(forKey: tag) }
    }

    private static func resume(_ tag: UInt32, in state: inout State) {
        guard state.entries[tag]?.isResumed == false else { return }
        state.entries[tag]?.isResumed = true
        state.entries[tag]?.watch(as: tag)
    }
}
