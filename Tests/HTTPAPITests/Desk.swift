import HTTPAPI
import HTTPTypes
import JOSE
import LatchkeyCore
import WireFormats

/// A responder over a domain that says yes, or whatever a test wants, and remembers what it was asked.
final class Desk {
    static let app = ClientApp.ID(UUID(high: 0xa1, low: 1))
    static let user = User.ID(UUID(high: 0xb1, low: 1))
    static let requestID = "01958c8a-1234-7000-8000-000000000007"

    private(set) var tokenRequests: [TokenRequest] = []
    private(set) var verified: [(token: String, mode: Mode)] = []
    /// What the domain refuses everything with.
    var refusal: Refusal?

    private(set) lazy var responder = Responder(service: Service(
        environment: Environment(milliseconds: { 0x0195_8c8a_1234 }, random: { () throws(JOSEError) in (0, 7) }),
        issueToken: { [unowned self] request throws(Refusal) in
            tokenRequests.append(request)
            if let refusal { throw refusal }
            return IssuedToken(token: Array("header.claims.signature".utf8), user: Self.user, clientApp: Self.app)
        },
        verifyToken: { [unowned self] token, mode throws(Refusal) in
            verified.append((String(decoding: token, as: UTF8.self), mode))
            if let refusal { throw refusal }
            return AccessToken(
                id: .init(high: 0, low: 1), clientApp: Self.app, user: Self.user, mode: mode,
                issuedAt: UnixTime(secondsSinceEpoch: 0))
        }))

    func respond(to request: Request) -> Responder.Answer { responder.respond(to: request) }

    /// `POST /api/token` with this body.
    func issue(_ body: String) -> Responder.Answer { respond(to: Self.issue(Array(body.utf8))) }

    static func issue(_ body: [UInt8] = Array(#"{"api_key":"k","api_secret":"s"}"#.utf8)) -> Request {
        post(Route.taikiToken.path, body)
    }

    /// `POST /api/verify-token` with this header, or none.
    static func verify(_ authorization: String? = "Bearer a.b.c") -> Request {
        var request = post(Route.taikiVerifyToken.path, [])
        if let authorization { request.authorization = .init(authorization) }
        return request
    }

    static func post(_ path: String, _ body: [UInt8]) -> Request {
        var request = Request()
        request.method = .init("POST")
        request.path = .init(path)
        request.mode = .production
        request.body = .bytes(body)
        return request
    }
}

extension Responder.Answer {
    var status: Int { response.status.code }
    var body: String { String(decoding: response.body, as: UTF8.self) }

    func header(_ name: HTTPField.Name) -> String? {
        response.headers.first { $0.name == name }?.value
    }
}

extension Request.Field {
    /// A header that was sent several times.
    init(_ first: String, times: Int) {
        self.init(first)
        count = times
    }
}
