internal import Glibc

/// Waits on one descriptor with poll(2), which unlike select(2) takes descriptors above 1023.
enum Readiness {
    case read, write, readOrWrite

    private var events: Int16 {
        switch self {
        case .read: Int16(POLLIN)
        case .write: Int16(POLLOUT)
        case .readOrWrite: Int16(POLLIN | POLLOUT)
        }
    }

    /// Waits until the descriptor is ready, an error or hang-up included: the call that follows finds that out.
    /// - Returns: false when the deadline has passed, whether or not there is something to read by then, so that a peer
    ///   that never stops sending does not outrun it.
    func wait(for descriptor: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return false }
            let ready = unsafe poll(&entry, 1, Self.milliseconds(left))
            if ready > 0 { return true }
            if ready < 0 && errno != EINTR { return false }
        }
    }

    /// Whether the descriptor is ready at this moment.
    func isNow(for descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        return unsafe poll(&entry, 1, 0) != 0
    }

    /// Rounded up, for poll to return after the deadline rather than spin before it.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        let milliseconds = min(seconds, 86_400) * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(milliseconds)
    }
}
