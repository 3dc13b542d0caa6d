internal import FastCGI
internal import HTTPAPI
internal import HTTPTypes
internal import LatchkeyCore

/// Where FastCGI and HTTP meet: parameters and body become a request, the answer becomes bytes, and one line is logged.
/// One per worker; its buffers serve all the worker's requests.
final class FastCGIAdapter: ExchangeHandler {
    private let responder: Responder
    private var log: RequestLog
    private var request = Request()
    private var output: [UInt8] = []

    private static let head = Array("HEAD".utf8)

    init(responder: Responder, log: RequestLog) {
        self.responder = responder
        self.log = log
        output.reserveCapacity(2048)
    }

    func handle(_ exchange: Exchange) {
        let start = ContinuousClock.now
        // In a variable of this call the buffers are passed on as they are; from a property each would be retained and
        // released, atomically.
        var request = Request()
        swap(&request, &self.request)
        read(exchange, into: &request)
        let answer = responder.respond(to: request)
        let isBodyWanted = request.method.value != Self.head
        swap(&request, &self.request)
        write(answer, withBody: isBodyWanted, to: exchange)
        log.write(answer, took: start.duration(to: .now))
    }

    private func read(_ exchange: Exchange, into request: inout Request) {
        request.clear()
        var parameters = FastCGIParameters()
        exchange.forEachParameter { parameters.take($0, into: &request) }
        parameters.choosePath(&request)
        request.body = body(of: exchange, announced: parameters.contentLength)
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
