import Glibc
import Testing

@testable import FastCGI
@testable import LatchkeyServer

/// One request and its answer over a pair of sockets, without a lane: what libfcgi reads and writes.
struct Conversation {
    struct Unanswered: Error {}

    let exchange = Exchange()
    private let peer: Int32

    /// Sends the request, and reads its head.
    ///
    /// - Parameter streams: whether the body is read as it comes, as in the lane of uploads.
    init(_ parameters: [(String, String)], body: [UInt8] = [], streams: Bool = false) throws {
        var ends: (Int32, Int32) = (-1, -1)
        let code = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) {
                unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, $0)
            }
        }
        try #require(code == 0)
        peer = ends.0
        let bytes = Self.request(parameters, body)
        let sent = unsafe bytes.withUnsafeBytes { unsafe send(ends.0, $0.baseAddress, $0.count, 0) }
        try #require(sent == bytes.count)
        if streams {
            let head = bytes.span.extracting(first: RequestPreview.inputOffset(in: bytes.span))
            let isAccepted = exchange.accept(
                on: ends.1, head: head, timeout: .seconds(5), deadline: .now + .seconds(5))
            try #require(isAccepted)
        } else {
            try #require(exchange.accept(on: ends.1))
        }
    }

    /// - Returns: what stands in the answer's standard output.
    func end() throws -> String {
        defer { close(peer) }
        try #require(!exchange.finish(keepingConnection: false))
        return try Self.answer(from: peer)
    }

    /// A whole conversation.
    static func ask(
        _ adapter: FastCGIAdapter, _ parameters: [(String, String)], body: [UInt8] = [], streams: Bool = false
    ) throws -> String {
        let conversation = try Conversation(parameters, body: body, streams: streams)
        guard case .answered = adapter.handle(conversation.exchange) else { throw Unanswered() }
        return try conversation.end()
    }

    private static func record(_ type: UInt8, _ content: some Collection<UInt8>) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 255), 0, 0] + content
    }

    private static func request(_ parameters: [(String, String)], _ body: [UInt8]) -> [UInt8] {
        let pairs = parameters.flatMap { name, value in
            [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
        }
        return record(1, [0, 1, 0, 0, 0, 0, 0, 0]) + record(4, pairs) + record(4, [])
            + (body.isEmpty ? [] : record(5, body)) + record(5, [])
    }

    /// The contents of all records of standard output.
    private static func answer(from descriptor: Int32) throws -> String {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = unsafe recv(descriptor, &buffer, buffer.count, 0), count > 0 {
            received += buffer.prefix(count)
        }
        var (output, offset) = ([UInt8](), 0)
        while received.count - offset >= 8 {
            let length = Int(received[offset + 4]) << 8 | Int(received[offset + 5])
            let end = offset + 8 + length
            try #require(end <= received.count)
            if received[offset + 1] == 6 { output += received[(offset + 8)..<end] }
            offset = end + Int(received[offset + 6])
        }
        return String(decoding: output, as: UTF8.self)
    }
}
