import Foundation
import HTTPAPI
import LatchkeyCore
import Logging
import Testing
import WireFormats

@testable import FastCGI
@testable import LatchkeyServer

@Suite("A long poll")
struct LongPollTests {
    private let attempt = UUID(high: 0xf1, low: 1)
    private let place: ParkingPlace
    private let paper = Paper()
    private let sink: LogSink

    init() throws {
        place = try ParkingPlace()
        sink = try LogSink(output: paper.write)
    }

    /// A worker's adapter. There the attempt is as told, whatever it is elsewhere.
    private func adapter(_ status: LinkAttempt.Status, _ waits: LinkWaits?) -> FastCGIAdapter {
        var service = Service.idle
        service.linkAttempt = { _ throws(Refusal) in
            let report = LinkAttemptReport(
                status: status, platform: "p", platformName: "P", taxYear: 2024, finishedAt: nil, files: [])
            return (report, ClientApp.ID(UUID(high: 0, low: 7)))
        }
        return FastCGIAdapter(
            responder: Responder(service: service), waits: waits, log: RequestLog(sink: sink, level: .info))
    }

    private func poll(received: Int64? = nil) throws -> Conversation {
        try Conversation([
            ("REQUEST_METHOD", "GET"), ("DOCUMENT_URI", "/api/link/attempts/\(attempt)"),
            ("QUERY_STRING", "seen=waiting"), ("HTTP_AUTHORIZATION", "Bearer lk_link_x"),
            ("LATCHKEY_MODE", "sandbox"), ("LATCHKEY_REQUEST_ID", "request-1"),
        ] + (received.map { [("LATCHKEY_RECEIVED", "\($0 / 1000).000")] } ?? []), body: [])
    }

    @Test("is parked, and answered by whichever worker goes on with it, as things are then")
    func resumed() throws {
        let changed = [LinkAttempt.ID(attempt)] as Set
        let waits = try LinkWaits { { _ in changed } }
        let conversation = try poll()
        guard case .parked(let start, let onParked) = adapter(.waiting, waits).handle(conversation.exchange) else {
            Issue.record("it was answered")
            return
        }
        let parked = try place.park(conversation.exchange)
        onParked(parked)
        for _ in 0..<5000 where parked.isWaiting { usleep(1000) }
        #expect(!parked.isWaiting)
        usleep(10_000)
        sink.flush()
        #expect(try paper.lines().isEmpty, "it has no line before its answer")
        let answer: String
        do {
            let entry = try #require(place.exchanges.take(parked.tag))
            adapter(.working, waits).resume(entry.exchange, since: start)
            answer = try conversation.end()
        }
        #expect(answer.hasPrefix("Status: 200 OK\r\n") && answer.contains(#""status":"working""#))
        sink.flush()
        let lines = try paper.lines()
        #expect(lines.count == 1 && lines.first?["endpoint"]?.string == "link_read_attempt")
        #expect(try #require(lines.first?["duration_us"]?.integer) >= 10_000, "all the time that it took")
    }

    @Test("does not wait again, and its wait is not held against it")
    func again() throws {
        let waits = try LinkWaits { { _ in [] } }
        let long = Int64(Date.now.timeIntervalSince1970 * 1000) - 6000
        let adapter = adapter(.waiting, waits)
        let conversation = try poll(received: long)
        adapter.resume(conversation.exchange, since: .now)
        #expect(try conversation.end().contains(#""status":"waiting""#))
        let late = try poll(received: long)
        guard case .answered = adapter.handle(late.exchange) else { throw Conversation.Unanswered() }
        #expect(try late.end().hasPrefix("Status: 503 "))
    }

    @Test("is answered at once where nothing has to change any more, or nobody may wait")
    func atOnce() throws {
        for adapter in [adapter(.success, try LinkWaits { { _ in [] } }), adapter(.waiting, nil)] {
            let conversation = try poll()
            guard case .answered = adapter.handle(conversation.exchange) else { throw Conversation.Unanswered() }
            #expect(try conversation.end().hasPrefix("Status: 200 OK\r\n"))
        }
    }
}
