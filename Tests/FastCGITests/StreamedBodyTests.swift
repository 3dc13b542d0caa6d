import Glibc
import Testing

@testable import FastCGI

/// Reads the body piece by piece and answers with what it was: its length, and a number that another order or content
/// would change.
private final class Reader: ExchangeHandler {
    struct Enough: Error {}

    func handle(_ exchange: Exchange) -> ExchangeOutcome {
        var parameters: [String: String] = [:]
        exchange.forEachParameter { span in
            let text = String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            parameters[parts[0]] = parts.count == 2 ? parts[1] : ""
        }
        let announced = parameters["CONTENT_LENGTH"].flatMap { Int($0) } ?? 0
        let most = parameters["MOST"].flatMap { Int($0) } ?? Int.max
        var checksum = Checksum()
        let result: String
        if parameters["REFUSED"] != nil {
            result = "refused"
        } else {
            do throws(Enough) {
                let isWhole = try exchange.readBody(announced: announced) { (piece) throws(Enough) in
                    if parameters["COUNTED"] != nil { checksum.count(piece) } else { checksum.add(piece) }
                    if checksum.count > most { throw Enough() }
                }
                result = isWhole ? "whole \(checksum)" : "broken"
            } catch {
                result = "enough"
            }
        }
        exchange.write(Array("N=\(parameters["N"] ?? "")\r\n\r\n\(result)".utf8))
        return .answered
    }
}

private struct Checksum: CustomStringConvertible {
    private(set) var count = 0
    private var sum: UInt64 = 0
    private var longest = 0

    init() {}

    init(_ bytes: [UInt8]) {
        add(bytes.span)
    }

    /// For bodies whose bytes are too many for a test to look at.
    mutating func count(_ bytes: Span<UInt8>) {
        count += bytes.count
    }

    mutating func add(_ bytes: Span<UInt8>) {
        for index in bytes.indices { sum = sum &* 31 &+ UInt64(bytes[index]) }
        count += bytes.count
        longest = max(longest, bytes.count)
    }

    /// Whether no piece was larger than a worker's memory.
    var isOfPieces: Bool { longest <= 65_536 }

    var description: String { "\(count) \(sum)" }
}

@Suite("A body that is read as it comes", .serialized)
struct StreamedBodyTests {
    private func lane(
        workers: Int = 1, timeout: Duration = .seconds(5), bodyTimeout: Duration = .seconds(10)
    ) throws -> TestLane {
        try TestLane(shared: true, workers: workers, timeout: timeout, bodyTimeout: bodyTimeout) { Reader() }
    }

    private func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    }

    private func head(_ more: (String, String)..., announced: Int, number: Int = 0) -> [UInt8] {
        Records.head([("CONTENT_LENGTH", "\(announced)"), ("N", "\(number)")] + more)
    }

    /// A lane that still answers, on this connection or on a new one.
    private func expectAnswer(_ peer: TestPeer, sourceLocation: SourceLocation = #_sourceLocation) throws {
        peer.send(head(announced: 3, number: 99) + Records.body([1, 2, 3], recordLength: 2))
        #expect(
            try peer.answer() == "N=99\r\n\r\nwhole \(Checksum([1, 2, 3]))", sourceLocation: sourceLocation)
    }

    @Test("is whole, whatever its length and its records, and the next one too", arguments: [
        (0, 1), (1, 1), (1000, 1), (1000, 999), (65_528, 65_528), (65_536, 65_535), (65_537, 32_768),
        (300_000, 65_535), (100_000, 7),
    ])
    func sizes(count: Int, recordLength: Int) throws {
        let lane = try lane()
        let peer = try TestPeer(path: lane.path)
        let body = bytes(count)
        for (number, padding) in [UInt8(0), 1, 255].enumerated() {
            peer.send(
                head(announced: count, number: number)
                    + Records.body(body, recordLength: recordLength, padding: padding))
            #expect(try peer.answer() == "N=\(number)\r\n\r\nwhole \(Checksum(body))")
        }
    }

    @Test("may be of 50 MiB, of many peers at once")
    func large() throws {
        let lane = try lane(workers: 2)
        let record = Records.record(Records.input, bytes(32_768))
        let count = 1600
        let peers = try (0..<4).map { _ in try TestPeer(path: lane.path) }
        // Each sends from a thread, since a worker reads one at a time.
        for (number, peer) in peers.enumerated() {
            let start = head(("COUNTED", ""), announced: count * 32_768, number: number)
            try ServiceThread.start("peer") { [descriptor = peer.descriptor] in
                let peer = TestPeer.Sender(descriptor: descriptor)
                peer.send(start)
                for _ in 0..<count { peer.send(record) }
                peer.send(Records.record(Records.input))
            }
        }
        for (number, peer) in peers.enumerated() {
            #expect(try peer.answer() == "N=\(number)\r\n\r\nwhole \(count * 32_768) 0")
        }
    }

    @Test("comes in pieces that a worker's memory holds")
    func pieces() throws {
        var ends: (Int32, Int32) = (-1, -1)
        let code = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) {
                unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, $0)
            }
        }
        try #require(code == 0)
        defer { close(ends.0); close(ends.1) }
        TestPeer.Sender(descriptor: ends.0).send(Records.body(bytes(150_000), recordLength: 65_535))
        let reader = InputReader()
        reader.begin(
            on: ends.1, behind: 0, requestID: 1, timeout: .seconds(1), deadline: .now + .seconds(5))
        var checksum = Checksum()
        while reader.next({ checksum.add($0) }) > 0 {}
        #expect(reader.hasEnded && !reader.isFollowed)
        #expect(checksum.isOfPieces && checksum.count == 150_000)
    }

    @Test("may come long after its parameters")
    func slow() throws {
        let lane = try lane(workers: 2)
        let peer = try TestPeer(path: lane.path)
        let request = head(announced: 5, number: 1) + Records.body(bytes(5), recordLength: 5, padding: 3)
        for byte in request {
            peer.send([byte])
            usleep(2000)
        }
        #expect(try peer.answer() == "N=1\r\n\r\nwhole \(Checksum(bytes(5)))")
        try expectAnswer(peer)
    }

    @Test("that is longer or shorter than announced is none, and leaves the connection as it was", arguments: [
        (announced: 9, sent: 10), (10, 9), (0, 1), (1, 0), (100_000, 200_000), (200_000, 100_000),
    ])
    func wrongLength(announced: Int, sent: Int) throws {
        let lane = try lane()
        let peer = try TestPeer(path: lane.path)
        peer.send(head(announced: announced) + Records.body(bytes(sent), recordLength: 1000))
        #expect(try peer.answer().hasSuffix("\r\n\r\nbroken"))
        try expectAnswer(peer)
    }

    @Test("that nobody reads, or not to its end, is out of the way of the next", arguments: ["REFUSED", "MOST"])
    func unread(parameter: String) throws {
        let lane = try lane()
        let peer = try TestPeer(path: lane.path)
        for count in [0, 10, 300_000] {
            peer.send(
                head((parameter, "100"), announced: count) + Records.body(bytes(count), recordLength: 32_768))
            let result = parameter == "REFUSED" ? "refused" : count > 100 ? "enough" : "whole \(Checksum(bytes(count)))"
            #expect(try peer.answer().hasSuffix("\r\n\r\n\(result)"))
        }
        try expectAnswer(peer)
    }

    @Test("costs the peer who cuts it the connection, and nobody else anything", arguments: [1, 30, 100, 1000, 70_000])
    func cut(length: Int) throws {
        let lane = try lane(timeout: .seconds(1))
        let request = head(announced: 100_000) + Records.body(bytes(100_000), recordLength: 32_768)
        let headLength = head(announced: 100_000).count
        let peer = try TestPeer(path: lane.path)
        peer.send(Array(request.prefix(length)))
        shutdown(peer.descriptor, Int32(SHUT_WR))
        if length >= headLength { #expect(try peer.answer().hasSuffix("broken")) }
        #expect(peer.isClosed())
        try expectAnswer(try TestPeer(path: lane.path))
    }

    @Test("that stalls holds its worker for the time-out and no longer", arguments: [30, 100, 1000, 70_000])
    func stall(length: Int) throws {
        let lane = try lane(timeout: .seconds(1))
        let request = head(announced: 100_000) + Records.body(bytes(100_000), recordLength: 32_768)
        let peer = try TestPeer(path: lane.path)
        peer.send(Array(request.prefix(length)))
        usleep(50_000)
        // There is one worker.
        try expectAnswer(try TestPeer(path: lane.path))
        if length >= head(announced: 100_000).count { #expect(try peer.answer().hasSuffix("broken")) }
        #expect(peer.isClosed())
    }

    @Test("that goes on and on ends with the time for all of it")
    func drip() throws {
        let lane = try lane(timeout: .seconds(3), bodyTimeout: .milliseconds(500))
        let peer = try TestPeer(path: lane.path)
        peer.send(head(announced: 1000))
        for _ in 0..<20 {
            peer.send(Records.record(Records.input, [1]))
            usleep(50_000)
        }
        #expect(try peer.answer().hasSuffix("broken"))
        #expect(peer.isClosed())
        try expectAnswer(try TestPeer(path: lane.path))
    }

    @Test("that holds other records than its own ends there", arguments: [
        ("a management record, which can abort libfcgi", Records.record(9, id: 0, [4, 0, 65, 66, 67, 68])),
        ("another request's input", Records.record(5, id: 2, [1])), ("an abort", Records.record(2)),
        ("parameters", Records.record(4, [1, 1, 65, 66])), ("a second beginning", Records.beginRequest()),
        ("another version", Records.record(5, [1], version: 2)),
        ("no FastCGI at all", Array("GET / HTTP/1.1\r\n".utf8)),
    ])
    func otherRecords(_ what: String, _ record: [UInt8]) throws {
        let lane = try lane()
        // So early that it is seen with the parameters, and so late that it is not.
        for before in [0, 100, 200_000] {
            let peer = try TestPeer(path: lane.path)
            let begun = head(announced: 300_000)
                + Records.body(bytes(before), recordLength: 32_768).dropLast(Records.record(5).count)
            peer.send(begun)
            usleep(20_000)
            peer.send(record + Records.body(bytes(300_000 - before), recordLength: 32_768))
            #expect(try peer.answer().hasSuffix("broken"), "\(what)")
            #expect(peer.isClosed())
        }
        try expectAnswer(try TestPeer(path: lane.path))
    }

    @Test("with another request behind it is answered, and the other is never taken for a part of it")
    func pipelined() throws {
        let lane = try lane()
        for count in [10, 500_000] {
            let peer = try TestPeer(path: lane.path)
            let body = bytes(count)
            peer.send(
                head(announced: count, number: 1) + Records.body(body, recordLength: 32_768)
                    + head(announced: 2, number: 2) + Records.body([1, 2], recordLength: 2))
            // Seen at once it is refused; behind a large body the first is answered.
            if count > 100_000 { #expect(try peer.answer() == "N=1\r\n\r\nwhole \(Checksum(body))") }
            // Whether the second came before the first was read to its end is a matter of time.
            if let second = try? peer.answer() {
                #expect(count > 100_000 && second == "N=2\r\n\r\nwhole \(Checksum([1, 2]))")
            } else {
                #expect(peer.isClosed())
            }
        }
        try expectAnswer(try TestPeer(path: lane.path))
    }

    @Test("may be of any head that a request may have", arguments: [1, 4096, 65_000, 90_000])
    func longHead(length: Int) throws {
        let lane = try lane()
        let peer = try TestPeer(path: lane.path)
        for _ in 0..<2 {
            let values = stride(from: 0, to: length, by: 30_000).map {
                ("X", String(repeating: "x", count: min(30_000, length - $0)))
            }
            let start = Records.beginRequest() + Records.record(4, Records.pair("CONTENT_LENGTH", "70000"))
                + values.flatMap { Records.record(4, Records.pair($0.0, $0.1)) } + Records.record(4)
            peer.send(start + Records.body(bytes(70_000), recordLength: 32_768))
            #expect(try peer.answer().hasSuffix("whole \(Checksum(bytes(70_000)))"))
        }
        try expectAnswer(peer)
    }

    @Test("is read to its end when the lane is stopped meanwhile")
    func stop() throws {
        let lane = try lane()
        let peer = try TestPeer(path: lane.path)
        let body = Records.body(bytes(100_000), recordLength: 32_768)
        peer.send(head(announced: 100_000) + body.prefix(50_000))
        usleep(50_000)
        lane.lane.stop()
        peer.send(Array(body.dropFirst(50_000)))
        #expect(try peer.answer().hasSuffix("whole \(Checksum(bytes(100_000)))"))
        #expect(peer.isClosed())
        #expect(lane.lane.waitUntilStopped(by: .now + .seconds(3)))
    }
}
