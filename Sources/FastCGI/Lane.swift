internal import CEpoll
import Glibc
import Synchronization

/// A listening socket, the threads that serve it, and how they share its connections.
public final class Lane: Sendable {
    public struct Configuration: Sendable {
        /// What the lane's threads are called in ps(1), before their number.
        public var name: String
        public var workers: Int
        /// false: a set of connections for each worker, right for work that only needs the processor. true: one set
        /// for all, right where workers wait for a database, since none then holds up connections of its own.
        public var sharesConnections: Bool
        /// false: a worker takes a request when the whole of it has come, and it is small. true: when its parameters
        /// have come, and the handler reads the body as it comes.
        public var streamsBodies: Bool
        /// How long a streamed body may take in all.
        public var bodyTimeout: Duration = .seconds(60)
        /// The users whose processes may connect, besides root and our own.
        public var peers: Set<UInt32>
        /// How long a request may take to arrive, and one read or write on a connection.
        public var timeout: Duration
        public var maximumConnections = 16_384
        /// How many requests may be parked. One more is answered at once, as are all where connections are not shared
        /// or bodies are streamed.
        public var maximumParked = 512
        /// How long after the last request a stopping lane waits for another one on a kept connection.
        public var quiet: Duration = .milliseconds(150)

        public init(
            name: String, workers: Int, sharesConnections: Bool, streamsBodies: Bool = false,
            peers: Set<UInt32> = [], timeout: Duration = .seconds(10)
        ) {
            self.name = name
            self.workers = workers
            self.sharesConnections = sharesConnections
            self.streamsBodies = streamsBodies
            self.peers = peers
            self.timeout = timeout
        }
    }

    let configuration: Configuration
    let listener: ListeningSocket
    let peers: Set<UInt32>
    let wakeUpDescriptor: Int32
    let parked: ParkedExchanges
    private let makeHandler: @Sendable (Int) -> any ExchangeHandler
    private let stopping = Atomic<Bool>(false)
    private let noticed = Atomic<Int>(0)
    private let running = Atomic<Int>(0)

    /// - Parameter makeHandler: called once on each worker's thread with the worker's number.
    public init(
        _ configuration: Configuration, listener: ListeningSocket,
        makeHandler: @escaping @Sendable (Int) -> any ExchangeHandler
    ) throws(FastCGIError) {
        self.configuration = configuration
        self.listener = listener
        self.makeHandler = makeHandler
        peers = configuration.peers.union([0, geteuid()])
        let mayPark = configuration.sharesConnections && !configuration.streamsBodies
        parked = ParkedExchanges(maximum: mayPark ? configuration.maximumParked : 0)
        wakeUpDescriptor = cepoll_event_descriptor()
        guard wakeUpDescriptor >= 0 else { throw FastCGIError("make an event descriptor", errno: errno) }
    }

    /// Starts the workers. The lane then serves until ``stop()``.
    public func start() throws(FastCGIError) {
        var shared: ReadinessSet?
        for number in 0..<configuration.workers {
            let set: ReadinessSet
            if let shared {
                set = shared
            } else {
                set = try ReadinessSet(
                    listener: listener.descriptor, wakeUp: wakeUpDescriptor,
                    sharing: configuration.sharesConnections ? .shared : .own)
                if configuration.sharesConnections { shared = set }
            }
            try startThread(number, set)
        }
    }

    /// Begins to drain: takes no new connection, answers what is under way and what is parked, closes each connection
    /// after its reply.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        parked.close()
        // Each edge wakes one waiting worker of a shared set. One that is at work sees the flag when it is done.
        for _ in 0..<20 where !allHaveNoticed {
            _ = cepoll_signal(wakeUpDescriptor)
            usleep(1000)
        }
    }

    /// Waits until every worker has ended.
    ///
    /// - Returns: false when `deadline` came first.
    public func waitUntilStopped(by deadline: ContinuousClock.Instant) -> Bool {
        while running.load(ordering: .acquiring) > 0 {
            guard ContinuousClock.now < deadline else { return false }
            usleep(2000)
        }
        return true
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// A worker has seen that it is to stop. It stays out of the way for some milliseconds: waiting in a shared set
    /// again at once, it would be woken in place of those that have not seen it.
    func noticeStop() {
        noticed.add(1, ordering: .acquiringAndReleasing)
        for _ in 0..<20 where !allHaveNoticed { usleep(1000) }
    }

    private var allHaveNoticed: Bool {
        noticed.load(ordering: .acquiring) >= running.load(ordering: .acquiring)
    }

    private func startThread(_ number: Int, _ set: ReadinessSet) throws(FastCGIError) {
        running.add(1, ordering: .acquiringAndReleasing)
        do throws(FastCGIError) {
            try ServiceThread.start("\(configuration.name)-\(number)") { [self] in
                var worker = Worker(lane: self, set: set, handler: makeHandler(number))
                worker.run()
                running.subtract(1, ordering: .acquiringAndReleasing)
            }
        } catch {
            running.subtract(1, ordering: .acquiringAndReleasing)
            throw error
        }
    }
}
