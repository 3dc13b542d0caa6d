internal import CEpoll
import Glibc
import Synchronization

/// An epoll(7) set: the listening socket, a descriptor that wakes its workers, and accepted connections.
///
/// Either one worker's own (level-triggered; nobody else ever touches its connections) or shared by all workers of a
/// lane (each event goes to one of them, which arms the descriptor again when it is done).
final class ReadinessSet: Sendable {
    enum Sharing: Sendable { case own, shared }
    /// A descriptor, and a tag that is not 0 only where a parked exchange waits on it.
    typealias Event = cepoll_event

    private let epoll: Int32
    private let sharing: Sharing
    private let connections = Atomic<Int>(0)
    /// Connections on which a request has begun to arrive: the time by which it must be there, and whether nobody
    /// watches it or looks at it at present.
    private let unfinished = Mutex<[Int32: (deadline: ContinuousClock.Instant, isLeftAlone: Bool)]>([:])
    private let unfinishedCount = Atomic<Int>(0)

    static let maximumEvents = 64

    init(listener: Int32, wakeUp: Int32, sharing: Sharing) throws(FastCGIError) {
        epoll = cepoll_create()
        guard epoll >= 0 else { throw FastCGIError("make an epoll set", errno: errno) }
        self.sharing = sharing
        // One connection wakes one worker: without EPOLLEXCLUSIVE every own set would wake for it.
        let watch = CEPOLL_READ | (sharing == .own ? CEPOLL_EXCLUSIVE : 0)
        guard cepoll_add(epoll, listener, Int32(watch)) == 0 else {
            throw FastCGIError("watch the listening socket", errno: errno)
        }
        guard cepoll_add(epoll, wakeUp, Int32(CEPOLL_READ | CEPOLL_EDGE)) == 0 else {
            throw FastCGIError("watch for the stop", errno: errno)
        }
    }

    deinit {
        close(epoll)
    }

    var connectionCount: Int { connections.load(ordering: .relaxed) }
    var hasUnfinishedRequests: Bool { unfinishedCount.load(ordering: .relaxed) > 0 }

    /// Waits for descriptors that are ready and writes them into `ready`.
    ///
    /// - Parameter milliseconds: how long at most.
    /// - Returns: how many there are.
    func wait(_ ready: inout [Event], milliseconds: Int32) -> Int {
        let capacity = Int32(min(ready.count, Self.maximumEvents))
        return unsafe ready.withUnsafeMutableBufferPointer {
            max(0, Int(unsafe cepoll_wait(epoll, $0.baseAddress, capacity, milliseconds)))
        }
    }

    /// Takes an accepted connection in. - Returns: false when epoll refuses it; the caller closes it.
    func add(_ connection: Int32) -> Bool {
        guard cepoll_add(epoll, connection, readWatch) == 0 else { return false }
        connections.add(1, ordering: .relaxed)
        return true
    }

    /// The connection was served, or had nothing to read, and stays open.
    func keep(_ connection: Int32) {
        if sharing == .shared { _ = cepoll_modify(epoll, connection, readWatch, 0) }
    }

    /// A parked exchange waits on the connection. What comes next is one event with its tag: that there is something
    /// to read, which can only be the peer's end or what no peer of ours sends; or, once it is resumed, that the
    /// connection can be written to, which it can at once. Only in a shared set.
    ///
    /// An event of before may be on its way to another worker at the time: there may be two.
    func watch(_ connection: Int32, parkedAs tag: UInt32, isResumed: Bool) {
        _ = cepoll_modify(epoll, connection, readWatch | (isResumed ? Int32(CEPOLL_WRITE) : 0), tag)
    }

    /// The connection is closed, which has taken it out of the set.
    func forget() {
        connections.subtract(1, ordering: .relaxed)
    }

    /// A part of a request waits on the connection. It stays readable all the while, so it is not watched until
    /// ``lookAgain()``; nginx sends a request in one piece, and only others come here.
    ///
    /// - Returns: false when the time for the rest is over.
    func awaitMore(_ connection: Int32, timeout: Duration) -> Bool {
        let now = ContinuousClock.now
        return unfinished.withLock { table in
            if let deadline = table[connection]?.deadline {
                guard now < deadline else { return false }
                table[connection] = (deadline, true)
            } else {
                table[connection] = (now + timeout, true)
                unfinishedCount.add(1, ordering: .relaxed)
            }
            // In a shared set the event that led here has disarmed it already. Only to change what it is watched for
            // would not do: its end is always told, and it may have ended behind the part that came.
            if sharing == .own { _ = cepoll_remove(epoll, connection) }
            return true
        }
    }

    /// The request on the connection is whole, or the connection is about to be closed. Called before that: a number
    /// that is closed may be another connection's at once.
    func stopAwaiting(_ connection: Int32) {
        guard hasUnfinishedRequests else { return }
        let wasAwaited = unfinished.withLock { $0.removeValue(forKey: connection) != nil }
        if wasAwaited { unfinishedCount.subtract(1, ordering: .relaxed) }
    }

    /// Watches the connections with an unfinished request again, each once: one that another worker has at hand would
    /// otherwise be given to a second.
    func lookAgain() {
        guard hasUnfinishedRequests else { return }
        unfinished.withLock { table in
            for (connection, state) in table where state.isLeftAlone {
                table[connection] = (state.deadline, false)
                switch sharing {
                case .own: _ = cepoll_add(epoll, connection, readWatch)
                case .shared: _ = cepoll_modify(epoll, connection, readWatch, 0)
                }
            }
        }
    }

    /// No new connection from now on. The socket itself stays open for the next process.
    func stopListening(_ listener: Int32) {
        _ = cepoll_remove(epoll, listener)
    }

    private var readWatch: Int32 {
        Int32(CEPOLL_READ | (sharing == .shared ? CEPOLL_ONE_SHOT : 0))
    }
}
