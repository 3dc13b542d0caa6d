internal import FastCGI
internal import HTTPAPI
internal import LatchkeyCore
internal import Logging
internal import PostgreSQL

/// The two lanes: one for what only needs the processor, one for what waits for PostgreSQL. A database that stalls
/// never delays a verify.
struct Lanes {
    private let lanes: [Lane]
    private let listeners: Listeners

    /// What the workers of both lanes share.
    struct Shared: Sendable {
        let keys: KeyRing
        let snapshots: SnapshotHolder
        let sink: LogSink
        let conninfo: Conninfo
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

    /// One worker's endpoints, with a database connection of their own that is opened when it is first needed.
    private static func handler(_ settings: Settings, _ shared: Shared) -> FastCGIAdapter {
        let database = DatabaseSession(
            conninfo: shared.conninfo, availability: shared.availability, deadline: settings.databaseDeadline)
        let service = Service.live(
            environment: shared.environment,
            issuer: TokenIssuer(keys: shared.keys, environment: shared.environment, database: database),
            verifier: TokenVerifier(
                keys: shared.keys, snapshots: shared.snapshots, policy: AccessToken.policy(leeway: settings.leeway),
                staleAfter: settings.staleAfter, environment: shared.environment))
        return FastCGIAdapter(
            responder: Responder(service: service, longestWait: settings.longestWait),
            log: RequestLog(sink: shared.sink, level: settings.logLevel))
    }
}
