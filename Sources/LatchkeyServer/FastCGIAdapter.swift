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
    private var parameters = FastCGIParameters()
    private var output: [UInt8] = []

    init(responder: Responder, log: RequestLog) {
        self.responder = responder
        self.log = log
        output.reserveCapacity(2048)
    }

    func handle(_ exchange: Exchange) {
        let start = ContinuousClock.now
        read(exchange, into: &request, &parameters)
        let answer = responder.respond(to: request)
        exchange.write(bytes(of: answer))
        log.write(answer, took: start.duration(to: .now))
    }

    private func read(_ exchange: Exchange, into request: inout Request, _ parameters: inout FastCGIParameters) {
        request.clear()
        parameters.clear()
        exchange.forEachParameter { parameters.take($0, into: &request) }
        parameters.choosePath(&request)
        request.body = body(of: exchange, announced: parameters.contentLength)
    }

    private func body(of exchange: Exchange, announced: Int?) -> Request.Body {
        guard let announced else { return .lengthMismatch }
        switch exchange.readBody(announced: announced, maximum: Request.maximumBodyBytes) {
        case .bytes(let bytes): return .bytes(bytes)
        case .tooLarge: return .tooLarge
        case .lengthMismatch: return .lengthMismatch
        }
    }

    /// RFC 3875, section 6: `Status` and header lines, an empty line, the body.
    private func bytes(of answer: Responder.Answer) -> [UInt8] {
        let response = answer.response
        output.removeAll(keepingCapacity: true)
        append("Status: ")
        append(String(response.status.code))
        append(" ")
        append(response.status.reasonPhrase)
        append("\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nX-Request-Id: ")
        append(answer.requestID)
        for field in response.headers {
            append("\r\n")
            append(field.name.rawName)
            append(": ")
            append(field.value)
        }
        append("\r\nContent-Length: ")
        append(String(response.body.count))
        append("\r\n\r\n")
        output.append(contentsOf: response.body)
        return output
    }

    private func append(_ text: String) {
        output.append(contentsOf: text.utf8)
    }
}
