/// What the endpoints see of the domain: one closure an act. Each worker has a service of its own, so nothing here
/// takes a lock on the way of a request.
public struct Service {
    public var environment: Environment
    public var issueToken: (TokenRequest) throws(Refusal) -> IssuedToken
    public var verifyToken: (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken

    public init(
        environment: Environment,
        issueToken: @escaping (TokenRequest) throws(Refusal) -> IssuedToken,
        verifyToken: @escaping (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    ) {
        self.environment = environment
        self.issueToken = issueToken
        self.verifyToken = verifyToken
    }

    public static func live(environment: Environment, issuer: TokenIssuer, verifier: TokenVerifier) -> Service {
        Service(
            environment: environment,
            issueToken: { request throws(Refusal) in try issuer.issue(request) },
            verifyToken: { token, mode throws(Refusal) in try verifier.verify(token, mode: mode) })
    }
}
