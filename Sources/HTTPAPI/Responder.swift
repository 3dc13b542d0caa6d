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

    /// An answer, or what it waits for: then the same request is to be answered again when that is there.
    public enum Result: Sendable {
        case answer(Answer)
        case wait(LinkWait)
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

    /// - Parameters:
    ///   - mayWait: whether the answer may wait for something that others do.
    ///   - isResumed: whether it has done so. Then it is not held against it how long that took.
    public func respond(to request: Request, mayWait: Bool = false, isResumed: Bool = false) -> Result {
        let found = router.route(for: request.path.value)
        let id = request.givenID ?? (try? service.environment.newUUID().description) ?? "unknown"
        let response: Response
        do throws(APIError) {
            guard let found else { throw APIError(.notFound, reason: "unknown_path") }
            let context = try context(of: request, at: found.route, captured: found.captured, id: id, isResumed)
            switch try reply(to: request, at: found.route, context, mayWait: mayWait) {
            case .response(let made): response = made
            case .wait(let wait): return .wait(wait)
            }
        } catch {
            response = error.response(in: found?.route.dialect ?? .oauth)
        }
        return .answer(Answer(route: found?.route, requestID: id, response: response))
    }

    /// What holds for every endpoint.
    private func context(
        of request: Request, at route: Route, captured: [ArraySlice<UInt8>], id: String, _ isResumed: Bool
    ) throws(APIError) -> RequestContext {
        var waited: Int64 = 0
        if !isResumed {
            let now = service.environment.milliseconds()
            waited = request.waited(until: now, longest: longestBelievable)
            guard !queue.isTooLate(waited: waited, now: now) else {
                throw APIError(.temporarilyUnavailable, reason: "waited_too_long")
            }
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
        return RequestContext(id: id, mode: mode, waited: .milliseconds(waited), captured: captured)
    }

    private func reply(
        to request: Request, at route: Route, _ context: RequestContext, mayWait: Bool
    ) throws(APIError) -> Reply {
        switch route {
        case .taikiToken:
            return .response(try TaikiToken.respond(to: request, context: context, service: service))
        case .taikiVerifyToken:
            return .response(try TaikiVerifyToken.respond(to: request, context: context, service: service))
        case .taikiPriorYear:
            return .response(try TaikiPriorYear.respond(to: request, context: context, service: service))
        case .taikiBeginRetrieval:
            return .response(try TaikiBeginRetrieval.respond(to: request, context: context, service: service))
        case .taikiUpload:
            return .response(try TaikiUpload.respond(to: request, context: context, service: service))
        case .taikiFinishRetrieval:
            return .response(try TaikiFinishRetrieval.respond(to: request, context: context, service: service))
        case .taikiDownload:
            return .response(try TaikiDownload.respond(to: request, context: context, service: service))
        case .quickStartInitializeToken:
            return .response(try QuickStartInitializeToken.respond(to: request, context: context, service: service))
        case .linkPage:
            return .response(try LinkPage.respond(to: request, context: context, service: service))
        case .linkOpen:
            return .response(try LinkOpen.respond(to: request, context: context, service: service))
        case .linkPlatforms:
            return .response(try LinkPlatforms.respond(to: request, context: context, service: service))
        case .linkBeginAttempt:
            return .response(try LinkBeginAttempt.respond(to: request, context: context, service: service))
        case .linkReadAttempt:
            return try LinkReadAttempt.respond(to: request, context: context, service: service, mayWait: mayWait)
        }
    }
}
