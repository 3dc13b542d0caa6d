internal import ContentStore
internal import FastCGI
internal import HTTPAPI
internal import LatchkeyCore
internal import Logging
internal import PostgreSQL

/// The three lanes: one for what only needs the processor, one for what waits for PostgreSQL, one for what waits for
/// the disk as well. A database that stalls never delays a verify, and no upload delays a token.
struct Lanes {
    private let lanes: [Lane]
    private let listeners: Listeners

    /// What the workers of all lanes share.
    struct Shared: Sendable {
        let keys: KeyRing
        let snapshots: SnapshotHolder
        let sink: LogSink
        let conninfo: Conninfo
        let contents: ContentStore
        let availability = DatabaseAvailability()
        let environment = Environment.live

        /// A thread's way to the database, with a connection of its own that is opened when it is first needed.
        func database(_ settings: Settings) -> DatabaseSession {
            DatabaseSession(conninfo: conninfo, availability: availability, deadline: settings.databaseDeadline)
        }
    }

    /// Starts the workers.
    init(settings: Settings, shared: Shared, listeners: Listeners) throws(StartError) {
        self.listeners = listeners
        do throws(FastCGIError) {
            let peers = Set(settings.peerUsers.compactMap(userID(named:)))
            let waits = try LinkWaits {
                let store = LinkWaitStore(shared.database(settings))
                // Without the database everybody waits on: it may be back in time.
                return { waits in (try? store.changed(among: waits)) ?? [] }
            }
            lanes = [
                try Lane(
                    .init(
                        name: "verify", workers: settings.verifyWorkers, sharesConnections: false, peers: peers,
                        timeout: settings.socketTimeout),
                    listener: listeners.verify,
                    makeHandler: { _ in Self.handler(settings, shared) }),
                try Lane(
                    .init(
                        name: "database", workers: settings.databaseWorkers, sharesConnections: true, peers: peers,
                        timeout: settings.socketTimeout),
                    listener: listeners.database,
                    makeHandler: { _ in Self.handler(settings, shared, waits: waits) }),
                try Lane(
                    .init(
                        name: "upload", workers: settings.uploadWorkers, sharesConnections: true, streamsBodies: true,
                        peers: peers, timeout: settings.socketTimeout),
                    listener: listeners.upload,
                    makeHandler: { _ in Self.handler(settings, shared, longestWait: Self.longestUploadWait) }),
            ]
            for lane in lanes { try lane.start() }
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Answers what is under way and stops.
    ///
    /// - Returns: false when that took longer than `limit`.
    func drain(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        for lane in lanes { lane.stop() }
        let stopped = lanes.map { $0.waitUntilStopped(by: deadline) }
        listeners.close()
        return stopped.allSatisfy { $0 }
    }

    /// Programs send files and no people wait for them, so that these may queue for longer than all the rest.
    private static let longestUploadWait: Duration = .seconds(30)

    /// One worker's endpoints.
    private static func handler(
        _ settings: Settings, _ shared: Shared, waits: LinkWaits? = nil, longestWait: Duration? = nil
    ) -> FastCGIAdapter {
        let (keys, environment) = (shared.keys, shared.environment)
        let baseURLs = BaseURLs(production: settings.productionURL, sandbox: settings.sandboxURL)
        let database = shared.database(settings)
        let verifier = TokenVerifier(
            keys: keys, snapshots: shared.snapshots, policy: AccessToken.policy(leeway: settings.leeway),
            staleAfter: settings.staleAfter, environment: environment)
        let service = Service.live(
            environment: environment, baseURLs: baseURLs,
            webhookURLs: WebhookURLRules(allowed: settings.allowedNetworks.networks),
            issuer: TokenIssuer(keys: keys, environment: environment, database: database),
            verifier: verifier,
            links: PriorYearLinks(
                keys: keys, environment: environment, baseURLs: baseURLs, database: database),
            retrievals: Retrievals(keys: keys, environment: environment, database: database, verifier: verifier),
            uploads: UploadRecorder(
                keys: keys, environment: environment, database: database, contents: shared.contents,
                quota: settings.retrievalQuota),
            downloads: Downloads(keys: keys, environment: environment, baseURLs: baseURLs, database: database),
            linkTokens: LinkTokens(keys: keys, environment: environment, database: database),
            linkSessions: LinkSessions(keys: keys, database: database, verifier: verifier),
            linkAttempts: LinkAttempts(keys: keys, environment: environment, database: database))
        return FastCGIAdapter(
            responder: Responder(service: service, longestWait: longestWait ?? settings.longestWait),
            waits: waits, log: RequestLog(sink: shared.sink, level: settings.logLevel))
    }
}
