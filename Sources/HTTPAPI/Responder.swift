public import LatchkeyCore
internal import HTTPTypes
internal import WireFormats

/// Answers requests: finds the endpoint, checks what holds for every endpoint, and is the only place that catches
/// errors. One per worker.
public final class Responder {
    /// An answer with the name of its endpoint and the id of its request.
    public struct Answer: Sendable {
        public let route: Route?
        public let requestID: String
        public let response: Response
    }

    private let service: Service
    private var queue: Queue
    private let router = Router()

    /// - Parameter longestWait: what has waited for longer is refused when its turn comes.
    public init(service: Service, longestWait: Duration = .seconds(1)) {
        self.service = service
        queue = Queue(longestWait: Int64(longestWait / .milliseconds(1)))
    }

    public func respond(to request: Request) -> Answer {
        let route = router.route(for: request.path.value)
        let id = request.givenID ?? (try? service.environment.newUUID().description) ?? "unknown"
        do throws(APIError) {
            guard let route else { throw APIError(.notFound, reason: "unknown_path") }
            return Answer(route: route, requestID: id, response: try respond(to: request, at: route, id: id))
        } catch {
            return Answer(route: route, requestID: id, response: error.response(in: route?.dialect ?? .oauth))
        }
    }

    private func respond(to request: Request, at route: Route, id: String) throws(APIError) -> Response {
        let now = service.environment.milliseconds()
        let waited = request.waited(until: now)
        guard !queue.isTooLate(waited: waited, now: now) else {
            throw APIError(.temporarilyUnavailable, reason: "waited_too_long")
        }
        guard request.method.text == route.method.rawValue else {
            let method = HTTPRequest.Method(request.method.text ?? "") ?? .get
            throw APIError(.methodNotAllowed(method, allowed: route.method), reason: "method_not_allowed")
        }
        guard let mode = request.mode else {
            // The operator's mistake, and never to be guessed: tokens of one mode must not open the other.
            throw APIError(.internalError, reason: "no_latchkey_mode_parameter")
        }
        let body = try checkedBody(of: request)
        let context = RequestContext(id: id, mode: mode, waited: .milliseconds(waited))
        switch route {
        case .taikiToken:
            return try TaikiToken.respond(to: request, body: body, context: context, service: service)
        case .taikiVerifyToken:
            return try TaikiVerifyToken.respond(to: request, context: context, service: service)
        }
    }

    private func checkedBody(of request: Request) throws(APIError) -> [UInt8] {
        switch request.body {
        case .tooLarge:
            throw APIError(.bodyTooLarge, reason: "body_too_large")
        case .lengthMismatch:
            throw APIError(
                .invalidRequest("The body is not as long as Content-Length says"), reason: "body_length_mismatch")
        case .bytes(let bytes):
            // The type of an empty body says nothing.
            guard bytes.isEmpty || request.isJSON else {
                throw APIError(
                    .unsupportedMediaType(request.contentType.text ?? ""), reason: "unsupported_media_type")
            }
            return bytes
        }
    }
}
