internal import FastCGI
internal import HTTPAPI
internal import HTTPTypes
internal import LatchkeyCore

/// Where FastCGI and HTTP meet: parameters and body become a request, the answer becomes bytes, and one line is logged.
/// One per worker; its buffers serve all the worker's requests.
final class FastCGIAdapter: ExchangeHandler {
    private let responder: Responder
    private let waits: LinkWaits?
    private var log: RequestLog
    private var request = Request()
    private var output: [UInt8] = []

    private static let head = Array("HEAD".utf8)

    /// - Parameter waits: where requests may wait; nil where none may.
    init(responder: Responder, waits: LinkWaits? = nil, log: RequestLog) {
        self.responder = responder
        self.waits = waits
        self.log = log
        output.reserveCapacity(2048)
    }

    func handle(_ exchange: Exchange) -> ExchangeOutcome {
        let start = ContinuousClock.now
        guard let wait = answer(exchange, since: start, isResumed: false), let waits else { return .answered }
        return .parked(since: start) { waits.add(wait, $0) }
    }

    func resume(_ exchange: Exchange, since start: ContinuousClock.Instant) {
        _ = answer(exchange, since: start, isResumed: true)
    }

    /// - Returns: what the answer has to wait for; nil when it has been written.
    private func answer(_ exchange: Exchange, since start: ContinuousClock.Instant, isResumed: Bool) -> LinkWait? {
        // In a variable of this call the buffers are passed on as they are; from a property each would be retained and
        // released, atomically.
        var request = Request()
        swap(&request, &self.request)
        defer { swap(&request, &self.request) }
        read(exchange, into: &request, withBody: !isResumed)
        switch responder.respond(to: request, mayWait: waits != nil && !isResumed, isResumed: isResumed) {
        case .wait(let wait):
            return wait
        case .answer(let answer):
            write(answer, withBody: request.method.value != Self.head, to: exchange)
            log.write(answer, took: start.duration(to: .now))
            return nil
        }
    }

    /// - Parameter withBody: false where it has been read before. What waits has none that matters.
    private func read(_ exchange: Exchange, into request: inout Request, withBody: Bool) {
        request.clear()
        var parameters = FastCGIParameters()
        exchange.forEachParameter { parameters.take($0, into: &request) }
        parameters.choosePath(&request)
        if withBody { request.body = body(of: exchange, announced: parameters.contentLength) }
    }

    private func body(of exchange: Exchange, announced: Int?) -> Request.Body {
        guard let announced else { return .lengthMismatch }
        if exchange.streamsBody { return .stream(ExchangeBody(exchange, announced: announced)) }
        switch exchange.readBody(announced: announced, maximum: Request.maximumBodyBytes) {
        case .bytes(let bytes): return .bytes(bytes)
        case .tooLarge: return .tooLarge
        case .lengthMismatch: return .lengthMismatch
        }
    }

    /// RFC 3875, section 6: `Status` and header lines, an empty line, the body. The answer to a HEAD request says how
    /// long that would be (RFC 9110, section 9.3.2).
    private func write(_ answer: Responder.Answer, withBody isBodyWanted: Bool, to exchange: Exchange) {
        let response = answer.response
        var output: [UInt8] = []
        swap(&output, &self.output)
        output.removeAll(keepingCapacity: true)
        if response.status.code == 200 {
            output.append(contentsOf: "Status: 200 OK\r\nContent-Type: ".utf8)
        } else {
            output.append(contentsOf: "Status: \(response.status.code) \(response.status.reasonPhrase)".utf8)
            output.append(contentsOf: "\r\nContent-Type: ".utf8)
        }
        output.append(contentsOf: response.contentType.utf8)
        output.append(contentsOf: "\r\nCache-Control: no-store\r\nX-Request-Id: ".utf8)
        output.append(contentsOf: answer.requestID.utf8)
        for field in response.headers {
            output.append(contentsOf: "\r\n\(field.name.rawName): \(field.value)".utf8)
        }
        output.append(contentsOf: "\r\nContent-Length: ".utf8)
        output.append(contentsOf: String(response.body.count).utf8)
        output.append(contentsOf: "\r\n\r\n".utf8)
        if isBodyWanted { output.append(contentsOf: response.body) }
        exchange.write(output)
        swap(&output, &self.output)
    }
}
