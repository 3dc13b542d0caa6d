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
    }

    /// Starts the workers.
    init(settings: Settings, shared: Shared, listeners: Listeners) throws(StartError) {
        self.listeners = listeners
        do throws(FastCGIError) {
            let peers = Set(settings.peerUsers.compactMap(userID(named:)))
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
                    makeHandler: { _ in Self.handler(settings, shared) }),
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

    /// One worker's endpoints, with a database connection of their own that is opened when it is first needed.
    private static func handler(
        _ settings: Settings, _ shared: Shared, longestWait: Duration? = nil
    ) -> FastCGIAdapter {
        let (keys, environment) = (shared.keys, shared.environment)
        let baseURLs = BaseURLs(production: settings.productionURL, sandbox: settings.sandboxURL)
        let database = DatabaseSession(
            conninfo: shared.conninfo, availability: shared.availability, deadline: settings.databaseDeadline)
        let verifier = TokenVerifier(
            keys: keys, snapshots: shared.snapshots, policy: AccessToken.policy(leeway: settings.leeway),
            staleAfter: settings.staleAfter, environment: environment)
        let service = Service.live(
            environment: environment, baseURLs: baseURLs,
            issuer: TokenIssuer(keys: keys, environment: environment, database: database),
            verifier: verifier,
            links: PriorYearLinks(
                keys: keys, environment: environment, baseURLs: baseURLs, database: database),
            retrievals: Retrievals(keys: keys, environment: environment, database: database, verifier: verifier),
            uploads: UploadRecorder(
                keys: keys, environment: environment, database: database, contents: shared.contents,
                quota: settings.retrievalQuota),
            downloads: Downloads(keys: keys, environment: environment, baseURLs: baseURLs, database: database))
        return FastCGIAdapter(
            responder: Responder(service: service, longestWait: longestWait ?? settings.longestWait),
            log: RequestLog(sink: shared.sink, level: settings.logLevel))
    }
}
