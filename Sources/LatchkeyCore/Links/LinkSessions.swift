internal import JOSE
internal import PostgreSQL
public import WireFormats

/// A request to open the modal with a token.
public struct LinkOpenRequest: Sendable {
    public var mode: Mode
    public var token: ArraySlice<UInt8>
    /// Of the page that embeds the modal, as the browser tells it.
    public var origin: String
    /// A JSON object as the page wrote it.
    public var metadata: String
    /// Of who asks again, since no answer came: the same key opens the same session. nil: nobody asks again.
    public var idempotencyKey: String?
    /// How long the caller has waited already. The database has the less time for it.
    public var waited: Duration

    public init(
        mode: Mode, token: ArraySlice<UInt8>, origin: String, metadata: String, idempotencyKey: String? = nil,
        waited: Duration = .zero
    ) {
        self.mode = mode
        self.token = token
        self.origin = origin
        self.metadata = metadata
        self.idempotencyKey = idempotencyKey
        self.waited = waited
    }
}

/// The modal is open.
public struct OpenedLink: Sendable {
    public let key: LinkSessionKey
    public let expiresAt: UnixTime
    public let clientApp: ClientApp.ID

    public init(key: LinkSessionKey, expiresAt: UnixTime, clientApp: ClientApp.ID) {
        self.key = key
        self.expiresAt = expiresAt
        self.clientApp = clientApp
    }
}

/// A request for a page of the catalogue.
public struct LinkPlatformsRequest: Sendable {
    public var mode: Mode
    public var sessionKey: String
    /// What the names are to contain, in any case; nil for all.
    public var search: String?
    /// What the page before ended with.
    public var after: LinkPlatformCursor?
    public var waited: Duration

    public init(
        mode: Mode, sessionKey: String, search: String?, after: LinkPlatformCursor?, waited: Duration = .zero
    ) {
        self.mode = mode
        self.sessionKey = sessionKey
        self.search = search
        self.after = after
        self.waited = waited
    }
}

public struct LinkPlatformsPage: Sendable {
    /// How many stand on a page at most.
    public static let maximumRows = 50

    public let platforms: [LinkPlatform]
    /// Nil on the last page.
    public let next: LinkPlatformCursor?
    public let clientApp: ClientApp.ID?

    public init(platforms: [LinkPlatform], next: LinkPlatformCursor?, clientApp: ClientApp.ID?) {
        self.platforms = platforms
        self.next = next
        self.clientApp = clientApp
    }
}

/// Opens the modal, once for a token, and shows it the catalogue. One per worker: it keeps MAC contexts.
public final class LinkSessions {
    private let records: any LinkRecords
    private let verify: (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    private var proof: LinkSessionProof

    /// - Parameter verify: tells whose a token is, as `TokenVerifier` does.
    public init(
        keys: KeyRing, records: any LinkRecords,
        verify: @escaping (_ token: ArraySlice<UInt8>, Mode) throws(Refusal) -> AccessToken
    ) {
        self.records = records
        self.verify = verify
        proof = LinkSessionProof(keys: keys)
    }

    public convenience init(keys: KeyRing, database: DatabaseSession, verifier: TokenVerifier) {
        self.init(keys: keys, records: LinkStore(database)) { token, mode throws(Refusal) in
            try verifier.verify(token, mode: mode)
        }
    }

    /// The origins of pages that may embed the modal for an active app; none for any other.
    public func origins(of clientApp: ClientApp.ID, waited: Duration) throws(Refusal) -> [String] {
        do {
            return try records.origins(of: clientApp, waited: waited)
        } catch {
            throw Refusal(error)
        }
    }

    public func open(_ request: LinkOpenRequest) throws(Refusal) -> OpenedLink {
        let token = try verified(request.token, request.mode)
        do {
            let key = try request.idempotencyKey.map { try proof.key(of: token.id, askedFor: $0) } ?? .generate()
            let (outcome, sessionExpires) = try records.open(LinkOpening(
                token: token, origin: request.origin, metadata: request.metadata,
                sessionHash: try proof.newHash(of: key), waited: request.waited))
            try outcome.check(clientApp: token.clientApp)
            guard let sessionExpires else { throw DatabaseError.unexpectedResult }
            return OpenedLink(key: key, expiresAt: sessionExpires, clientApp: token.clientApp)
        } catch {
            throw Refusal(error)
        }
    }

    /// Who embeds the modal can do something about two of the ways in which a token is wrong.
    private func verified(_ token: ArraySlice<UInt8>, _ mode: Mode) throws(Refusal) -> AccessToken {
        do throws(Refusal) {
            return try verify(token, mode)
        } catch {
            guard error.kind == .invalidToken else { throw error }
            let kind: Refusal.Kind = switch error.reason {
            case JOSEError.expired.reason: .expiredToken
            case TokenVerifier.wrongMode: .tokenOfOtherMode
            default: .invalidToken
            }
            throw Refusal(kind, reason: error.reason, clientApp: error.clientApp)
        }
    }

    public func platforms(_ request: LinkPlatformsRequest) throws(Refusal) -> LinkPlatformsPage {
        do {
            let session = try proof.call(request.sessionKey, mode: request.mode, waited: request.waited)
            // One row more than a page has tells whether there is another page.
            let query = LinkPlatformQuery(
                search: request.search, after: request.after, limit: LinkPlatformsPage.maximumRows + 1)
            let (outcome, clientApp, rows) = try records.platforms(query, of: session)
            try outcome.check(clientApp: clientApp)
            let platforms = rows.prefix(LinkPlatformsPage.maximumRows)
            let next = platforms.count < rows.count
                ? platforms.last.map { LinkPlatformCursor(name: $0.name, id: $0.id) } : nil
            return LinkPlatformsPage(platforms: Array(platforms), next: next, clientApp: clientApp)
        } catch {
            throw Refusal(error)
        }
    }
}
