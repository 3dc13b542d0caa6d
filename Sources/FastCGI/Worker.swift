internal import CEpoll
import Glibc

/// One thread of a lane: waits for readable connections and answers one request at a time.
struct Worker {
    private let lane: Lane
    private let set: ReadinessSet
    private let handler: any ExchangeHandler
    private var exchange = Exchange()
    private let streamsBodies: Bool

    init(lane: Lane, set: ReadinessSet, handler: any ExchangeHandler) {
        self.lane = lane
        streamsBodies = lane.configuration.streamsBodies
        self.set = set
        self.handler = handler
    }

    mutating func run() {
        var ready = [ReadinessSet.Event](repeating: .init(), count: batchSize)
        // Not filled: what no request needs never becomes memory.
        var preview: [UInt8] = []
        var nextLook = ContinuousClock.now
        while !lane.isStopping {
            // A second, should a wake-up ever be missed.
            let count = set.wait(&ready, milliseconds: set.hasUnfinishedRequests ? Self.lookInterval : 1000)
            serve(ready.prefix(count), &preview)
            lookAgain(&nextLook)
        }
        lane.noticeStop()
        acceptAll()
        set.stopListening(lane.listener.descriptor)
        drain(&ready, &preview)
    }

    /// A worker that may wait for a database takes one connection at a time and leaves the rest to the others.
    private var batchSize: Int {
        lane.configuration.sharesConnections ? 1 : ReadinessSet.maximumEvents
    }

    /// Kept connections may carry one more request at any moment: nginx learns that they end only from their end.
    private mutating func drain(_ ready: inout [ReadinessSet.Event], _ preview: inout [UInt8]) {
        var lastRequest = ContinuousClock.now
        var nextLook = lastRequest
        var isQuiet = false
        while !isQuiet {
            let count = set.wait(&ready, milliseconds: 10)
            serve(ready.prefix(count), &preview)
            if ready.prefix(count).contains(where: { $0.descriptor != lane.wakeUpDescriptor }) { lastRequest = .now }
            lookAgain(&nextLook)
            // Only what has just looked knows: a thread that did not run for as long may have requests waiting.
            isQuiet = count == 0 && lastRequest.duration(to: .now) >= lane.configuration.quiet
                && !set.hasUnfinishedRequests && lane.parked.isEmpty
        }
    }

    /// How often, in milliseconds, a request that arrives in pieces is looked at. They stay readable all the while.
    private static let lookInterval: Int32 = 50

    private func lookAgain(_ next: inout ContinuousClock.Instant) {
        guard set.hasUnfinishedRequests else { return }
        let now = ContinuousClock.now
        guard now >= next else { return }
        next = now + .milliseconds(Int64(Self.lookInterval))
        set.lookAgain()
    }

    private mutating func serve(_ ready: ArraySlice<ReadinessSet.Event>, _ preview: inout [UInt8]) {
        for event in ready {
            if event.tag != 0 {
                goOn(withParked: event.tag)
            } else if event.descriptor == lane.listener.descriptor {
                acceptAll()
            } else if event.descriptor != lane.wakeUpDescriptor {
                serve(event.descriptor, &preview)
            }
        }
    }

    private mutating func serve(_ connection: Int32, _ preview: inout [UInt8]) {
        var received = 0
        preview.removeAll(keepingCapacity: true)
        preview.append(addingCapacity: RequestPreview.maximumBytes) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                received = unsafe recv(connection, buffer.baseAddress, buffer.count, Int32(MSG_PEEK | MSG_DONTWAIT))
                count = max(0, received)
            }
        }
        guard received > 0 else {
            if received < 0, errno == EAGAIN || errno == EINTR {
                set.keep(connection)
            } else {
                end(connection)
            }
            return
        }
        switch RequestPreview(preview.span) {
        case .complete:
            answer(connection, preview)
        case .begun where streamsBodies:
            answer(connection, preview)
        case .incomplete where received < RequestPreview.maximumBytes,
            .begun where received < RequestPreview.maximumBytes:
            if !set.awaitMore(connection, timeout: lane.configuration.timeout) { end(connection) }
        case .incomplete, .begun, .refused:
            end(connection)
        }
    }

    private mutating func answer(_ connection: Int32, _ preview: borrowing [UInt8]) {
        set.stopAwaiting(connection)
        guard accept(connection, preview) else { return set.forget() }
        switch handler.handle(exchange) {
        case .answered:
            finish(exchange, on: connection)
        case .parked(let start, let onParked):
            if let parked = lane.parked.park(exchange, on: connection, since: start, in: set) {
                exchange = Exchange()
                onParked(parked)
            } else {
                handler.resume(exchange, since: start)
                finish(exchange, on: connection)
            }
        }
    }

    /// Answers what has been resumed. Otherwise there is something to read: the peer has gone, or sends what no web
    /// server sends, and neither gets an answer.
    private func goOn(withParked tag: UInt32) {
        // Another worker may have had an earlier event of it, and has done all this.
        guard let entry = lane.parked.take(tag) else { return }
        if entry.isResumed {
            handler.resume(entry.exchange, since: entry.start)
            finish(entry.exchange, on: entry.connection)
        } else {
            entry.exchange.abandon()
            set.forget()
        }
    }

    private func finish(_ exchange: Exchange, on connection: Int32) {
        if exchange.finish(keepingConnection: !lane.isStopping) {
            set.keep(connection)
        } else {
            set.forget()
        }
    }

    private func accept(_ connection: Int32, _ preview: borrowing [UInt8]) -> Bool {
        guard streamsBodies else { return exchange.accept(on: connection) }
        let head = preview.span.extracting(first: RequestPreview.inputOffset(in: preview.span))
        return exchange.accept(
            on: connection, head: head, timeout: lane.configuration.timeout,
            deadline: .now + lane.configuration.bodyTimeout)
    }

    private func end(_ connection: Int32) {
        set.stopAwaiting(connection)
        close(connection)
        set.forget()
    }

    /// Takes what waits in the backlog. Another worker or process may have been faster: then there is nothing.
    private func acceptAll() {
        for _ in 0..<ReadinessSet.maximumEvents {
            let connection = cepoll_accept(lane.listener.descriptor)
            guard connection >= 0 else {
                // Out of descriptors or memory: a pause, since the socket stays readable.
                if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { usleep(10_000) }
                return
            }
            var uid = uid_t.max
            guard unsafe cepoll_peer_uid(connection, &uid) == 0, lane.peers.contains(uid),
                set.connectionCount < lane.configuration.maximumConnections
            else {
                close(connection)
                continue
            }
            limitWaiting(on: connection)
            if !set.add(connection) { close(connection) }
        }
    }

    /// libfcgi reads and writes with blocking calls: no peer may hold a worker for longer than this.
    private func limitWaiting(on connection: Int32) {
        let (seconds, attoseconds) = lane.configuration.timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }
}
