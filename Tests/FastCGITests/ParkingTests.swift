import Dispatch
import Glibc
import Synchronization
import Testing

@testable import FastCGI

/// Where the requests are that wait, by what they call themselves.
private final class Waiting: Sendable {
    private let exchanges = Mutex<[String: ParkedExchange]>([:])
    let isOver = Atomic<Bool>(false)

    func add(_ exchange: ParkedExchange, as name: String) {
        exchanges.withLock { $0[name] = exchange }
    }

    func resumeAll() {
        for exchange in exchanges.withLock({ Array($0.values) }) { exchange.resume() }
    }

    /// The one that is parked under a name, which may be in a moment only.
    func exchange(_ name: String) throws -> ParkedExchange {
        for _ in 0..<5000 {
            if let exchange = exchanges.withLock({ $0.removeValue(forKey: name) }) { return exchange }
            usleep(1000)
        }
        throw TestPeer.PeerError.timedOut
    }
}

/// Parks what asks for it, by its parameter WAIT, and tells in the answer whether it was resumed.
private final class Waiter: ExchangeHandler {
    private let waiting: Waiting

    init(_ waiting: Waiting) {
        self.waiting = waiting
    }

    func handle(_ exchange: Exchange) -> ExchangeOutcome {
        guard let name = parameter("WAIT", of: exchange) else {
            write("at once", to: exchange)
            return .answered
        }
        return .parked(since: .now) { [waiting] in waiting.add($0, as: name) }
    }

    func resume(_ exchange: Exchange, since start: ContinuousClock.Instant) {
        write("resumed \(parameter("WAIT", of: exchange) ?? "")", to: exchange)
    }

    private func parameter(_ name: String, of exchange: Exchange) -> String? {
        var value: String?
        exchange.forEachParameter { span in
            let text = String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
            if text.hasPrefix(name + "=") { value = String(text.dropFirst(name.count + 1)) }
        }
        return value
    }

    private func write(_ text: String, to exchange: Exchange) {
        exchange.write(Array("\r\n\r\n\(text)".utf8))
    }
}

@Suite("A parked request", .serialized)
struct ParkingTests {
    private let waiting = Waiting()

    private func lane(
        shared: Bool = true, name: String = "park", workers: Int = 2, bodyTimeout: Duration? = nil,
        maximumParked: Int = 512, quiet: Duration = .milliseconds(150)
    ) throws -> TestLane {
        try TestLane(
            shared: shared, name: name, workers: workers, bodyTimeout: bodyTimeout, maximumParked: maximumParked,
            quiet: quiet
        ) { [waiting] in Waiter(waiting) }
    }

    private func request(waitingAs name: String? = nil, body: [UInt8] = []) -> [UInt8] {
        Records.request(name.map { [("WAIT", $0)] } ?? [("A", "1")], body: body)
    }

    private func expectAnswer(_ peer: TestPeer, sourceLocation: SourceLocation = #_sourceLocation) throws {
        peer.send(request())
        #expect(try peer.answer() == "\r\n\r\nat once", sourceLocation: sourceLocation)
    }

    private func expectNothingParked(_ lane: TestLane, sourceLocation: SourceLocation = #_sourceLocation) {
        for _ in 0..<5000 where !lane.lane.parked.isEmpty { usleep(1000) }
        #expect(lane.lane.parked.isEmpty, sourceLocation: sourceLocation)
    }

    @Test("is answered when it is resumed, and its connection serves the next ones, parked or not")
    func resumed() throws {
        let lane = try lane(workers: 1)
        let peer = try TestPeer(path: lane.path)
        for round in 0..<100 {
            // What is left of a body is no reason to end it.
            peer.send(request(waitingAs: "\(round)", body: round % 2 == 0 ? [] : [1, 2, 3]))
            let exchange = try waiting.exchange("\(round)")
            #expect(exchange.isWaiting)
            try expectAnswer(TestPeer(path: lane.path))
            exchange.resume()
            #expect(try peer.answer() == "\r\n\r\nresumed \(round)")
            #expect(!exchange.isWaiting)
            try expectAnswer(peer)
        }
        #expect(lane.lane.parked.isEmpty)
    }

    @Test("is resumed once, and what was resumed before is never resumed again")
    func again() throws {
        let lane = try lane()
        let peer = try TestPeer(path: lane.path)
        peer.send(request(waitingAs: "first"))
        let first = try waiting.exchange("first")
        for _ in 0..<10 { first.resume() }
        #expect(try peer.answer() == "\r\n\r\nresumed first")
        // Over the same descriptor.
        peer.send(request(waitingAs: "second"))
        let second = try waiting.exchange("second")
        for _ in 0..<10 { first.resume() }
        usleep(50_000)
        #expect(!first.isWaiting && second.isWaiting)
        second.resume()
        #expect(try peer.answer() == "\r\n\r\nresumed second")
    }

    @Test("ends with its peer, and nothing of it is left for whoever gets its descriptor")
    func hangUp() throws {
        let lane = try lane(maximumParked: 1)
        var left: [ParkedExchange] = []
        for round in 0..<50 {
            var peer: TestPeer? = try TestPeer(path: lane.path)
            peer?.send(request(waitingAs: "\(round)"))
            // The place of the one before is free.
            let exchange = try waiting.exchange("\(round)")
            left.append(exchange)
            for old in left.dropLast() { old.resume() }
            #expect(exchange.isWaiting)
            if let peer, round % 2 == 0 {
                // Like this it still sees that the other side has closed the connection.
                shutdown(peer.descriptor, Int32(SHUT_WR))
                #expect(peer.isClosed())
            }
            peer = nil
            expectNothingParked(lane)
            #expect(!exchange.isWaiting)
        }
        try expectAnswer(TestPeer(path: lane.path))
    }

    @Test("ends when something else is sent behind it", arguments: [
        Records.request([("A", "1")]), Records.record(Records.abort), Array("GET / HTTP/1.1\r\n\r\n".utf8), [0],
    ])
    func garbage(bytes: [UInt8]) throws {
        let lane = try lane()
        let peer = try TestPeer(path: lane.path)
        peer.send(request(waitingAs: "one"))
        let exchange = try waiting.exchange("one")
        peer.send(bytes)
        #expect(peer.isClosed(), "without an answer")
        expectNothingParked(lane)
        exchange.resume()
        try expectAnswer(TestPeer(path: lane.path))
    }

    @Test("is answered when the lane stops, and no other is parked then")
    func stop() throws {
        // Long enough for one that comes late on a slow machine.
        let lane = try lane(quiet: .seconds(1))
        let peers = try (0..<50).map { _ in try TestPeer(path: lane.path) }
        for (number, peer) in peers.enumerated() { peer.send(request(waitingAs: "\(number)")) }
        for number in 0..<40 { _ = try waiting.exchange("\(number)") }
        let late = try TestPeer(path: lane.path)
        try expectAnswer(late)
        lane.lane.stop()
        late.send(request(waitingAs: "late"))
        #expect(try late.answer() == "\r\n\r\nresumed late")
        for (number, peer) in peers.enumerated() {
            #expect(try peer.answer() == "\r\n\r\nresumed \(number)")
            #expect(peer.isClosed())
        }
        #expect(lane.lane.waitUntilStopped(by: .now + .seconds(5)))
        #expect(lane.lane.parked.isEmpty)
    }

    @Test("holds no worker: 500 of them and a few workers that answer others")
    func many() throws {
        let lane = try lane(workers: 4)
        let peers = try (0..<500).map { _ in try TestPeer(path: lane.path) }
        for round in 0..<2 {
            for (number, peer) in peers.enumerated() { peer.send(request(waitingAs: "\(round)-\(number)")) }
            let other = try TestPeer(path: lane.path)
            for _ in 0..<100 { try expectAnswer(other) }
            let exchanges = try peers.indices.map { try waiting.exchange("\(round)-\($0)") }
            #expect(exchanges.allSatisfy { $0.isWaiting })
            for _ in 0..<100 { try expectAnswer(other) }
            for exchange in exchanges { exchange.resume() }
            for (number, peer) in peers.enumerated() {
                #expect(try peer.answer() == "\r\n\r\nresumed \(round)-\(number)")
            }
        }
        #expect(lane.lane.parked.isEmpty)
    }

    @Test("is resumed at once where there is no place, or the lane parks nothing", arguments: [
        (true, nil, 3), (false, nil, 0), (true, Duration.seconds(5), 0),
    ])
    func noPlace(shared: Bool, bodyTimeout: Duration?, places: Int) throws {
        let lane = try lane(
            shared: shared, name: "full", bodyTimeout: bodyTimeout, maximumParked: places == 0 ? 512 : places)
        let parked = try (0..<places).map { number in
            let peer = try TestPeer(path: lane.path)
            peer.send(request(waitingAs: "\(number)"))
            return (peer, try waiting.exchange("\(number)"))
        }
        let peer = try TestPeer(path: lane.path)
        for _ in 0..<3 {
            peer.send(request(waitingAs: "more"))
            #expect(try peer.answer() == "\r\n\r\nresumed more")
            try expectAnswer(peer)
        }
        for (number, (peer, exchange)) in parked.enumerated() {
            #expect(exchange.isWaiting)
            exchange.resume()
            #expect(try peer.answer() == "\r\n\r\nresumed \(number)")
        }
    }

    @Test("costs nothing while it waits, nor when it has been answered")
    func noSpinning() throws {
        let lane = try lane(name: "idle")
        let peers = try (0..<20).map { _ in try TestPeer(path: lane.path) }
        for (number, peer) in peers.enumerated() { peer.send(request(waitingAs: "\(number)")) }
        let exchanges = try peers.indices.map { try waiting.exchange("\($0)") }
        // Their connections can be written to all the time.
        for exchange in exchanges.prefix(10) { exchange.resume() }
        usleep(100_000)
        let before = try TestLane.processorTime(ofLanesNamed: "idle", workers: 2)
        usleep(1_000_000)
        let used = try TestLane.processorTime(ofLanesNamed: "idle", workers: 2) - before
        #expect(used < .milliseconds(300), "of a second")
        for exchange in exchanges.suffix(10) { #expect(exchange.isWaiting) }
    }

    @Test("may be resumed while its peer hangs up, sends more, or goes on")
    func races() throws {
        let lane = try lane(workers: 4)
        let ended = DispatchSemaphore(value: 0)
        try ServiceThread.start("resumer") { [waiting] in
            while !waiting.isOver.load(ordering: .acquiring) {
                waiting.resumeAll()
                usleep(20)
            }
            ended.signal()
        }
        defer {
            waiting.isOver.store(true, ordering: .releasing)
            ended.wait()
        }
        for round in 0..<500 {
            let peers = try (0..<4).map { _ in try TestPeer(path: lane.path) }
            for (number, peer) in peers.enumerated() { peer.send(request(waitingAs: "\(number)")) }
            usleep(UInt32(round % 10) * 20)
            peers[0].send([0])
            shutdown(peers[1].descriptor, Int32(SHUT_RDWR))
            #expect(try peers[2].answer() == "\r\n\r\nresumed 2")
            peers[2].send(request(waitingAs: "2"))
            #expect(try peers[2].answer() == "\r\n\r\nresumed 2")
        }
        expectNothingParked(lane)
        try expectAnswer(TestPeer(path: lane.path))
    }

    @Test("is never lost by a stop that comes while it is parked")
    func stopRaces() throws {
        for round in 0..<20 {
            let lane = try lane(workers: 4)
            let peers = try (0..<40).map { _ in try TestPeer(path: lane.path) }
            for peer in peers { try expectAnswer(peer) }
            for (number, peer) in peers.enumerated() { peer.send(request(waitingAs: "\(number)")) }
            usleep(UInt32(round) * 100)
            lane.lane.stop()
            for (number, peer) in peers.enumerated() {
                #expect(try peer.answer() == "\r\n\r\nresumed \(number)")
                #expect(peer.isClosed())
            }
            #expect(lane.lane.waitUntilStopped(by: .now + .seconds(5)))
        }
    }
}
