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
    private let longestBelievable: Int64
    private let router = Router()

    /// - Parameter longestWait: what has waited for longer is refused when its turn comes.
    public init(service: Service, longestWait: Duration = .seconds(1)) {
        self.service = service
        let longest = Int64(longestWait / .milliseconds(1))
        queue = Queue(longestWait: longest)
        longestBelievable = max(10_000, 3 * longest)
    }

    public func respond(to request: Request) -> Answer {
        let found = router.route(for: request.path.value)
        let id = request.givenID ?? (try? service.environment.newUUID().description) ?? "unknown"
        do throws(APIError) {
            guard let found else { throw APIError(.notFound, reason: "unknown_path") }
            return Answer(
                route: found.route, requestID: id,
                response: try respond(to: request, at: found.route, captured: found.captured, id: id))
        } catch {
            return Answer(
                route: found?.route, requestID: id, response: error.response(in: found?.route.dialect ?? .oauth))
        }
    }

    private func respond(
        to request: Request, at route: Route, captured: [ArraySlice<UInt8>], id: String
    ) throws(APIError) -> Response {
        let now = service.environment.milliseconds()
        let waited = request.waited(until: now, longest: longestBelievable)
        guard !queue.isTooLate(waited: waited, now: now) else {
            throw APIError(.temporarilyUnavailable, reason: "waited_too_long")
        }
        let method = request.method.text
        guard method == route.method.rawValue || route.answersHead && method == "HEAD" else {
            let method = HTTPRequest.Method(method ?? "") ?? .get
            throw APIError(.methodNotAllowed(method, allowed: route.methods), reason: "method_not_allowed")
        }
        guard let mode = request.mode else {
            // The operator's mistake, and never to be guessed: tokens of one mode must not open the other.
            throw APIError(.internalError, reason: "no_latchkey_mode_parameter")
        }
        let context = RequestContext(id: id, mode: mode, waited: .milliseconds(waited), captured: captured)
        switch route {
        case .taikiToken:
            return try TaikiToken.respond(to: request, context: context, service: service)
        case .taikiVerifyToken:
            return try TaikiVerifyToken.respond(to: request, context: context, service: service)
        case .taikiPriorYear:
            return try TaikiPriorYear.respond(to: request, context: context, service: service)
        case .taikiBeginRetrieval:
            return try TaikiBeginRetrieval.respond(to: request, context: context, service: service)
        case .taikiUpload:
            return try TaikiUpload.respond(to: request, context: context, service: service)
        case .taikiFinishRetrieval:
            return try TaikiFinishRetrieval.respond(to: request, context: context, service: service)
        case .taikiDownload:
            return try TaikiDownload.respond(to: request, context: context, service: service)
        }
    }
}
