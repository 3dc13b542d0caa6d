import Foundation
import Testing

@testable import FastCGI

/// Answers with what it was sent.
final class Echo: ExchangeHandler {
    func handle(_ exchange: Exchange) -> ExchangeOutcome {
        var parameters: [String] = []
        exchange.forEachParameter { span in
            parameters.append(String(decoding: span.indices.map { span[$0] }, as: UTF8.self))
        }
        if parameters.contains("SLEEP=1") { usleep(300_000) }
        let announced = parameters.first { $0.hasPrefix("CONTENT_LENGTH=") }.flatMap { Int($0.dropFirst(15)) } ?? 0
        let body = switch exchange.readBody(announced: announced, maximum: 1024) {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .tooLarge: "too large"
        case .lengthMismatch: "length mismatch"
        }
        exchange.write(Array((parameters.joined(separator: ",") + "\r\n\r\n" + body).utf8))
        return .answered
    }
}

@Suite("A lane", .serialized)
struct LaneTests {
    @Test("answers request after request on a kept connection", arguments: [false, true])
    func keptConnection(shared: Bool) throws {
        let lane = try TestLane(shared: shared)
        let peer = try TestPeer(path: lane.path)
        for number in 0..<200 {
            peer.send(Records.request([("N", "\(number)"), ("CONTENT_LENGTH", "2")], body: Array("ok".utf8)))
            let answer = try peer.answer()
            #expect(answer.hasSuffix("\r\n\r\nok") && answer.contains("N=\(number)"))
        }
    }

    @Test("serves many more connections than it has workers", arguments: [false, true])
    func manyConnections(shared: Bool) throws {
        let lane = try TestLane(shared: shared)
        let peers = try (0..<200).map { _ in try TestPeer(path: lane.path) }
        for round in 0..<3 {
            for peer in peers { peer.send(Records.request([("ROUND", "\(round)")])) }
            for peer in peers { #expect(try peer.answer().contains("ROUND=\(round)")) }
        }
    }

    @Test("sends a parameter that came twice twice")
    func repeatedParameter() throws {
        let lane = try TestLane(shared: false)
        let peer = try TestPeer(path: lane.path)
        peer.send(Records.request([("A", "1"), ("A", "2")]))
        #expect(try peer.answer().contains("A=1,A=2"))
    }

    @Test("tells a body that is not as long as announced", arguments: [
        ("3", "ok", "length mismatch"), ("1", "ok", "length mismatch"), ("2", "ok", "ok"), ("1025", "ok", "too large"),
    ])
    func bodyLength(announced: String, body: String, expected: String) throws {
        let lane = try TestLane(shared: false)
        let peer = try TestPeer(path: lane.path)
        for _ in 0..<2 {
            peer.send(Records.request([("CONTENT_LENGTH", announced)], body: Array(body.utf8)))
            #expect(try peer.answer().hasSuffix("\r\n\r\n" + expected))
        }
    }

    @Test("closes a connection that carries no request", arguments: [false, true])
    func badStream(shared: Bool) throws {
        let lane = try TestLane(shared: shared)
        for bytes in [Records.record(9, id: 0, [4, 0, 65, 66, 67, 68]), Array("GET / HTTP/1.1\r\n\r\n".utf8)] {
            let peer = try TestPeer(path: lane.path)
            peer.send(bytes)
            #expect(peer.isClosed())
        }
        let good = try TestPeer(path: lane.path)
        good.send(Records.request([("A", "1")]))
        #expect(try good.answer().contains("A=1"))
    }

    @Test("waits for a request that comes in pieces", arguments: [false, true])
    func pieces(shared: Bool) throws {
        let lane = try TestLane(shared: shared)
        let peer = try TestPeer(path: lane.path)
        for number in 0..<2 {
            let request = Records.request([("N", "\(number)"), ("CONTENT_LENGTH", "2")], body: Array("ok".utf8))
            for piece in [request[..<5], request[5..<20], request[20...]] {
                peer.send(Array(piece))
                usleep(60_000)
            }
            #expect(try peer.answer().contains("N=\(number)"))
        }
    }

    @Test("is not held up by peers that stall, and closes them when their time is over", arguments: [false, true])
    func stalled(shared: Bool) throws {
        let lane = try TestLane(shared: shared, timeout: .seconds(1))
        let request = Records.request([("A", "1")])
        let stalled = try (0..<20).map { _ in try TestPeer(path: lane.path) }
        for (index, peer) in stalled.enumerated() { peer.send(Array(request.prefix(1 + index * 2))) }
        let start = ContinuousClock.now
        let good = try TestPeer(path: lane.path)
        good.send(request)
        #expect(try good.answer().contains("A=1"))
        #expect(start.duration(to: .now) < .milliseconds(900), "the answer did not wait for the stalled peers")
        for peer in stalled { #expect(peer.isClosed()) }
    }

    @Test("does not spin while peers stall", arguments: [false, true])
    func noSpinning(shared: Bool) throws {
        let lane = try TestLane(shared: shared)
        let request = Records.request([("A", "1")])
        var stalled = try (0..<20).map { _ in try TestPeer(path: lane.path) }
        for peer in stalled { peer.send(Array(request.prefix(20))) }
        for peer in stalled.prefix(10) { shutdown(peer.descriptor, Int32(SHUT_WR)) }
        stalled.removeLast(5)
        usleep(100_000)
        let before = try TestLane.processorTime(ofLanesNamed: "test", workers: 2)
        usleep(1_000_000)
        let used = try TestLane.processorTime(ofLanesNamed: "test", workers: 2) - before
        #expect(used < .milliseconds(500), "of a second")
    }

    @Test("finishes what is under way when it is stopped", arguments: [false, true])
    func drain(shared: Bool) throws {
        let lane = try TestLane(shared: shared)
        let peer = try TestPeer(path: lane.path)
        peer.send(Records.request([("SLEEP", "1")]))
        usleep(50_000)
        lane.lane.stop()
        #expect(try peer.answer().contains("SLEEP=1"))
        #expect(peer.isClosed())
        #expect(lane.lane.waitUntilStopped(by: .now + .seconds(3)))
    }

    @Test("answers what came before the stop, also where its time is over when it looks", arguments: [false, true])
    func drainLooks(shared: Bool) throws {
        let lane = try TestLane(shared: shared, workers: 1, quiet: .zero)
        let peers = try (0..<20).map { _ in try TestPeer(path: lane.path) }
        for peer in peers {
            peer.send(Records.request([("N", "1")]))
            _ = try peer.answer()
        }
        let busy = try TestPeer(path: lane.path)
        busy.send(Records.request([("SLEEP", "1")]))
        usleep(50_000)
        for peer in peers { peer.send(Records.request([("N", "2")])) }
        lane.lane.stop()
        for peer in [busy] + peers { #expect(!(try peer.answer().isEmpty)) }
        #expect(lane.lane.waitUntilStopped(by: .now + .seconds(3)))
    }

    @Test("refuses a socket that another process serves, and takes over a dead one's")
    func socketInUse() throws {
        let lane = try TestLane(shared: false)
        #expect(throws: FastCGIError.self) { try ListeningSocket(path: lane.path, group: nil) }
        let dead = lane.folder + "/dead.sock"
        let left = try ListeningSocket(path: dead, group: nil)
        Glibc.close(left.descriptor)
        let taken = try ListeningSocket(path: dead, group: nil)
        var status = stat()
        #expect(unsafe lstat(dead, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o660)
        taken.close()
        #expect(unsafe lstat(dead, &status) != 0, "its file is gone")
    }

    @Test("leaves the file of a borrowed socket to whoever made it")
    func borrowedSocket() throws {
        let lane = try TestLane(shared: false)
        let path = lane.folder + "/own.sock"
        let own = try ListeningSocket(path: path, group: nil)
        let borrowed = own.borrowed
        #expect(borrowed.descriptor == own.descriptor)
        // As in a forked process, whose descriptors are its own.
        let kept = dup(own.descriptor)
        defer { Glibc.close(kept) }
        borrowed.close()
        var status = stat()
        #expect(unsafe lstat(path, &status) == 0)
        #expect(throws: FastCGIError.self, "somebody listens there") { try ListeningSocket(path: path, group: nil) }
        unsafe unlink(path)
    }

    @Test("says why a path cannot be a socket", arguments: [
        ("", "1 to 107 bytes"), (String(repeating: "x", count: 108), "1 to 107 bytes"),
        ("/nonexistent-folder/x.sock", "No such file"), ("/etc/passwd", "is not a socket"),
    ])
    func badPath(path: String, part: String) {
        do {
            _ = try ListeningSocket(path: path, group: nil)
            Issue.record("it was accepted")
        } catch {
            #expect(error.description.contains(part))
        }
    }
}
