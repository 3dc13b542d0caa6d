import LatchkeyCore
import PostgreSQL
import WireFormats

/// Answers as the functions about the modal do, from memory. No session is ever over, and nothing is revoked.
final class ScriptedLinks: LinkRecords {
    struct Session {
        let clientApp: ClientApp.ID
        let user: User.ID
        let mode: Mode
    }

    struct Attempt {
        /// The hash of its session's key.
        let session: [UInt8]
        let clientApp: ClientApp.ID
        let user: User.ID
        let mode: Mode
        let platform: String
        let taxYear: Int
        var status = LinkAttempt.Status.waiting
        var finishedAt: UnixTime?
        var files: [LinkAttemptReport.File] = []
    }

    private let people: ScriptedDatabase
    private let retrievals: ScriptedRetrievals
    /// Those that have a URL for webhooks.
    var appsWithWebhooks: Set<ClientApp.ID> = []
    var origins: [ClientApp.ID: [String]] = [:]
    var usedTokens: Set<AccessToken.ID> = []
    /// By the hash of the key.
    var sessions: [[UInt8]: Session] = [:]
    /// Where platforms have their pages.
    var connectors: [String: String] = [:]
    private var number = 0

    init(people: ScriptedDatabase, retrievals: ScriptedRetrievals) {
        self.people = people
        self.retrievals = retrievals
    }

    func initialize(_ token: LinkTokenQuery) throws(DatabaseError) -> LinkTokenRow {
        if people.isAway { throw .unreachable }
        let credential = people.credentials.values.first { credential in
            token.secretHashes.contains { credential.secrets[$0] != nil }
        }
        guard let credential else {
            return LinkTokenRow(outcome: .unknownSecret, clientApp: nil, user: nil, number: nil)
        }
        let app = credential.clientApp
        let outcome = outcome(token, credential)
        guard outcome == .ok else { return LinkTokenRow(outcome: outcome, clientApp: app, user: nil, number: nil) }
        let user = token.userID ?? token.newUserID
        people.users[.init(clientApp: app, id: user)] = (token.mode, false)
        number += 1
        return LinkTokenRow(outcome: .ok, clientApp: app, user: User.ID(user), number: number)
    }

    private func outcome(_ token: LinkTokenQuery, _ credential: ScriptedDatabase.Credential) -> LinkTokenRow.Outcome {
        if token.secretHashes.contains(where: { credential.secrets[$0] == true }) { return .expiredSecret }
        if credential.isSandboxOnly, token.mode != .sandbox { return .wrongMode }
        if !credential.isActive { return .disabledApp }
        if let user = token.userID {
            guard let known = people.users[.init(clientApp: credential.clientApp, id: user)], known.mode == token.mode
            else { return .unknownUser }
            if known.isErased { return .erasedUser }
        }
        return token.webhookURL == nil && !appsWithWebhooks.contains(credential.clientApp) ? .noWebhookURL : .ok
    }

    func origins(of clientApp: ClientApp.ID, waited: Duration) throws(DatabaseError) -> [String] {
        if people.isAway { throw .unreachable }
        return origins[clientApp] ?? []
    }

    func open(_ opening: LinkOpening) throws(DatabaseError) -> (outcome: LinkOutcome, sessionExpires: UnixTime?) {
        if people.isAway { throw .unreachable }
        let token = opening.token
        guard origins[token.clientApp]?.contains(opening.origin) == true else { return (.unknownOrigin, nil) }
        guard usedTokens.insert(token.id).inserted else { return (.usedToken, nil) }
        sessions[opening.sessionHash] = Session(clientApp: token.clientApp, user: token.user, mode: token.mode)
        return (.ok, retrievals.now + .seconds(3600))
    }

    private func session(_ call: LinkSessionCall) throws(DatabaseError) -> (hash: [UInt8], Session)? {
        if people.isAway { throw .unreachable }
        for hash in call.keyHashes {
            if let session = sessions[hash], session.mode == call.mode { return (hash, session) }
        }
        return nil
    }

    /// The catalogue of a mode, by name.
    private func catalogue(_ mode: Mode) -> [LinkPlatform] {
        retrievals.platforms.compactMap { id, platform in
            guard platform.modes.contains(mode), connectors[id] != nil || id == "first-sandbox-bank" else { return nil }
            return LinkPlatform(id: id, name: platform.name, hasConnector: connectors[id] != nil)
        }.sorted { $0.name < $1.name }
    }

    func platforms(
        _ query: LinkPlatformQuery, of call: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, platforms: [LinkPlatform]) {
        guard let (_, session) = try session(call) else { return (.unknownSession, nil, []) }
        let search = query.search?.lowercased() ?? ""
        let found = catalogue(call.mode).filter { platform in
            (search.isEmpty || platform.name.lowercased().contains(search))
                && query.after.map { platform.name > $0.name } ?? true
        }
        return (.ok, session.clientApp, Array(found.prefix(query.limit)))
    }

    func begin(
        _ attempt: LinkAttemptBeginning, of call: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, begun: LinkAttemptRow?) {
        guard let (hash, session) = try session(call) else { return (.unknownSession, nil, nil) }
        guard let platform = catalogue(call.mode).first(where: { $0.id == attempt.platform }) else {
            return (.unknownPlatform, session.clientApp, nil)
        }
        retrievals.attempts[attempt.id] = Attempt(
            session: hash, clientApp: session.clientApp, user: session.user, mode: call.mode,
            platform: attempt.platform, taxYear: attempt.taxYear)
        return (.ok, session.clientApp, LinkAttemptRow(
            platformName: platform.name, connectorURL: connectors[platform.id],
            expiresAt: retrievals.now + .seconds(3600)))
    }

    func read(
        _ attempt: LinkAttempt.ID, of call: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, report: LinkAttemptReport?) {
        guard let (hash, session) = try session(call) else { return (.unknownSession, nil, nil) }
        guard let found = retrievals.attempts[attempt], found.session == hash else {
            return (.unknownAttempt, session.clientApp, nil)
        }
        return (.ok, session.clientApp, LinkAttemptReport(
            status: found.status, platform: found.platform,
            platformName: retrievals.platforms[found.platform]?.name ?? "", taxYear: found.taxYear,
            finishedAt: found.finishedAt, files: found.files))
    }
}
