internal import JOSE
public import PostgreSQL
internal import WireFormats

/// A request for a token, as any dialect decodes it.
public struct TokenRequest: Sendable {
    public var mode: Mode
    public var apiKey: String
    public var apiSecret: String
    /// nil to make a new user.
    public var userID: String?
    public var idempotencyKey: String?
    public var requestID: String
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(
        mode: Mode, apiKey: String, apiSecret: String, userID: String?, idempotencyKey: String?, requestID: String,
        waited: Duration = .zero
    ) {
        self.mode = mode
        self.apiKey = apiKey
        self.apiSecret = apiSecret
        self.userID = userID
        self.idempotencyKey = idempotencyKey
        self.requestID = requestID
        self.waited = waited
    }
}

/// A token and whose it is.
public struct IssuedToken: Sendable {
    public let token: [UInt8]
    public let user: User.ID
    public let clientApp: ClientApp.ID

    public init(token: [UInt8], user: User.ID, clientApp: ClientApp.ID) {
        self.token = token
        self.user = user
        self.clientApp = clientApp
    }
}

/// Trades credentials for a token. One per worker: it keeps the worker's MAC contexts.
public final class TokenIssuer {
    private let environment: Environment
    private let contextOf: (TokenContextRequest) throws(DatabaseError) -> TokenContext
    private var tools: KeyTools<(signer: Signer, hasher: SecretHasher)>

    /// - Parameter contextOf: the database's part, `latchkey_api.token_context`.
    public init(
        keys: KeyRing, environment: Environment,
        contextOf: @escaping (TokenContextRequest) throws(DatabaseError) -> TokenContext
    ) {
        self.environment = environment
        self.contextOf = contextOf
        tools = KeyTools(keys) { keys throws(JOSEError) in
            (try Signer(key: keys.tokens.current), try SecretHasher(keys: keys.secretHashes))
        }
    }

    public convenience init(keys: KeyRing, environment: Environment, database: DatabaseSession) {
        let store = ClientAppStore(database)
        self.init(keys: keys, environment: environment) { request throws(DatabaseError) in
            try store.tokenContext(request)
        }
    }

    /// Proves the secret, makes or finds the user (committed), and signs.
    public func issue(_ request: TokenRequest) throws(Refusal) -> IssuedToken {
        do {
            return try issueOrThrow(request)
        } catch {
            throw Refusal(error)
        }
    }

    private func issueOrThrow(_ request: TokenRequest) throws -> IssuedToken {
        let tools = try tools.current()
        // An id that is not even a UUID is looked up like one that is unknown, under a new id that nobody has: so that
        // all these cases take the same time.
        let apiKey = UUID(request.apiKey)
        let namedUser = request.userID.map { UUID($0) }
        let context = try contextOf(TokenContextRequest(
            mode: request.mode,
            apiKey: try apiKey ?? environment.newUUID(),
            secretHashes: try tools.hasher.hashes(of: request.apiSecret),
            userID: try namedUser.map { try $0 ?? environment.newUUID() },
            newUserID: try environment.newUUID(),
            idempotencyKey: request.idempotencyKey,
            requestID: request.requestID,
            waited: request.waited))

        switch context.outcome {
        case .ok:
            guard let clientApp = context.clientApp, let user = context.user else {
                throw DatabaseError.unexpectedResult
            }
            let (high, low) = try environment.random()
            let token = AccessToken(
                id: AccessToken.ID(high: high, low: low), clientApp: clientApp, user: user, mode: request.mode,
                issuedAt: environment.now)
            return IssuedToken(token: try tools.signer.sign(claims: token.claims), user: user, clientApp: clientApp)
        case .idempotencyConflict:
            throw Refusal(.idempotencyConflict, reason: context.outcome.rawValue, clientApp: context.clientApp)
        case .unknownAPIKey where apiKey == nil:
            throw Refusal(.invalidClient, reason: "malformed_api_key")
        case .unknownUser where namedUser == .some(nil):
            throw Refusal(.invalidClient, reason: "malformed_user_id", clientApp: context.clientApp)
        default:
            throw Refusal(.invalidClient, reason: context.outcome.rawValue, clientApp: context.clientApp)
        }
    }
}
