internal import JOSE
internal import PostgreSQL
internal import WireFormats

/// A request for a token that opens the modal.
public struct InitializeRequest: Sendable {
    public var mode: Mode
    /// Alone tells the client app.
    public var secret: String
    /// nil to make a new user.
    public var userID: String?
    /// nil for the client app's own.
    public var webhookURL: WebhookURL?
    public var requestID: String
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(
        mode: Mode, secret: String, userID: String?, webhookURL: WebhookURL?, requestID: String,
        waited: Duration = .zero
    ) {
        self.mode = mode
        self.secret = secret
        self.userID = userID
        self.webhookURL = webhookURL
        self.requestID = requestID
        self.waited = waited
    }
}

/// A token, whose it is, and its number.
public struct InitializedToken: Sendable {
    public let number: Int
    public let token: [UInt8]
    public let user: User.ID
    public let clientApp: ClientApp.ID

    public init(number: Int, token: [UInt8], user: User.ID, clientApp: ClientApp.ID) {
        self.number = number
        self.token = token
        self.user = user
        self.clientApp = clientApp
    }
}

/// Trades a secret for a token, and keeps where the webhooks of its retrievals go. One per worker: it keeps MAC
/// contexts.
public final class LinkTokens {
    private let environment: Environment
    private let records: any LinkRecords
    private var tools: KeyTools<(signer: Signer, hasher: SecretHasher)>

    public init(keys: KeyRing, environment: Environment, records: any LinkRecords) {
        self.environment = environment
        self.records = records
        tools = KeyTools(keys) { keys throws(JOSEError) in
            (try Signer(key: keys.tokens.current), try SecretHasher(keys: keys.secretHashes))
        }
    }

    public convenience init(keys: KeyRing, environment: Environment, database: DatabaseSession) {
        self.init(keys: keys, environment: environment, records: LinkStore(database))
    }

    /// Proves the secret, makes or finds the user (committed), and signs.
    public func initialize(_ request: InitializeRequest) throws(Refusal) -> InitializedToken {
        do {
            return try initializeOrThrow(request)
        } catch {
            throw Refusal(error)
        }
    }

    private func initializeOrThrow(_ request: InitializeRequest) throws -> InitializedToken {
        let tools = try tools.current()
        // As for every token: an id that is no UUID is looked up under a new one, so that all cases take the same time.
        let namedUser = request.userID.map { UUID($0) }
        let (high, low) = try environment.random()
        let id = AccessToken.ID(high: high, low: low)
        let row = try records.initialize(LinkTokenQuery(
            mode: request.mode,
            secretHashes: try tools.hasher.hashes(of: request.secret),
            userID: try namedUser.map { try $0 ?? environment.newUUID() },
            newUserID: try environment.newUUID(),
            token: id,
            webhookURL: request.webhookURL?.text,
            requestID: request.requestID,
            waited: request.waited))

        switch row.outcome {
        case .ok:
            guard let clientApp = row.clientApp, let user = row.user, let number = row.number else {
                throw DatabaseError.unexpectedResult
            }
            let token = AccessToken(
                id: id, clientApp: clientApp, user: user, mode: request.mode, issuedAt: environment.now)
            return InitializedToken(
                number: number, token: try tools.signer.sign(claims: token.claims), user: user, clientApp: clientApp)
        case .noWebhookURL:
            throw Refusal(.noWebhookURL, reason: row.outcome.rawValue, clientApp: row.clientApp)
        case .invalidArgument:
            throw Refusal(.internalError, reason: row.outcome.rawValue, clientApp: row.clientApp)
        case .unknownUser where namedUser == .some(nil):
            throw Refusal(.invalidClient, reason: "malformed_user_id", clientApp: row.clientApp)
        case .unknownSecret, .expiredSecret, .wrongMode, .disabledApp, .unknownUser, .erasedUser:
            throw Refusal(.invalidClient, reason: row.outcome.rawValue, clientApp: row.clientApp)
        }
    }
}
