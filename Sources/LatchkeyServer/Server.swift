internal import Dispatch
internal import FastCGI
internal import JOSE
internal import LatchkeyCore
internal import Logging
internal import PostgreSQL
internal import Synchronization

/// The service from start to end.
public struct Server {
    private let settings: Settings
    private let environment: [String: String]
    private let sink: LogSink
    private let logger: Logger

    /// - Parameter environment: for what systemd hands over: LISTEN_FDS, NOTIFY_SOCKET, CREDENTIALS_DIRECTORY.
    /// - Throws: when the system has no thread for the log.
    public init(settings: Settings, environment: [String: String]) throws {
        self.settings = settings
        self.environment = environment
        sink = try LogSink()
        let handler = JSONLogHandler(sink: sink, level: settings.logLevel)
        logger = Logger(label: "latchkeyd") { _ in handler }
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Returns: the exit status: 0 after a stop that was asked for, 1 when the start failed.
    public func run() -> Int32 {
        defer { sink.flush() }
        do throws(StartError) {
            try serve()
            return 0
        } catch {
            logger.error("cannot start", metadata: ["reason": "\(error)"])
            return 1
        }
    }

    private func serve() throws(StartError) {
        guard let signals = Lifecycle.catchSignals() else { throw StartError("no descriptor is left for a pipe") }
        Lifecycle.setLimits()
        let inherited: [String: ListeningSocket]
        let conninfo: Conninfo
        do {
            inherited = try ListeningSocket.inherited(environment: environment)
            conninfo = try Conninfo(settings.databaseConninfo)
        } catch {
            throw StartError("\(error)")
        }
        for (name, path) in [("verify", settings.verifySocket), ("database", settings.databaseSocket)]
        where inherited[name] == nil && path == nil {
            throw StartError(
                "LATCHKEY_\(name.uppercased())_SOCKET is not set, and no socket named \(name) was handed over")
        }
        let keys = KeyRing(try .load(settings))
        let snapshots = try startKeeper(conninfo)
        let lanes = try Lanes(
            settings: settings,
            shared: .init(keys: keys, snapshots: snapshots, sink: sink, conninfo: conninfo),
            inherited: inherited)
        logger.notice("ready", metadata: [
            "verify_workers": "\(settings.verifyWorkers)", "database_workers": "\(settings.databaseWorkers)",
            "token_key": "\(keys.current.keys.tokens.current.id)",
        ])
        Lifecycle.notify("READY=1", environment: environment)

        while Lifecycle.nextSignal(on: signals) == .reload { reload(keys) }

        Lifecycle.notify("STOPPING=1", environment: environment)
        logger.notice("draining")
        if !lanes.drain(within: settings.drain) { logger.warning("requests were still under way at the end") }
        logger.notice("stopped")
    }

    /// A bad file changes nothing: the keys that are in use stay.
    private func reload(_ keys: KeyRing) {
        Lifecycle.notify("RELOADING=1", environment: environment)
        do throws(StartError) {
            keys.replace(with: try .load(settings))
            logger.notice("keys reloaded", metadata: ["token_key": "\(keys.current.keys.tokens.current.id)"])
        } catch {
            logger.error("keys not reloaded, the old ones stay in use", metadata: ["reason": "\(error)"])
        }
        Lifecycle.notify("READY=1", environment: environment)
    }

    /// Starts the thread that keeps the snapshot, and waits for the first one.
    private func startKeeper(_ conninfo: Conninfo) throws(StartError) -> SnapshotHolder {
        let first = FirstSnapshot()
        let (poll, logger) = (settings.poll, logger)
        do throws(FastCGIError) {
            // Its connection belongs to the thread, so it is made there.
            try ServiceThread.start("snapshot") {
                do throws(StartError) {
                    let keeper = try SnapshotKeeper(conninfo: conninfo, poll: poll, logger: logger)
                    first.deliver(.success(keeper.holder))
                    keeper.run()
                } catch {
                    first.deliver(.failure(error))
                }
            }
        } catch {
            throw StartError("\(error)")
        }
        return try first.wait().get()
    }
}

/// Carries the first snapshot, or why there is none, from the keeper's thread to the one that starts the service.
private final class FirstSnapshot: Sendable {
    private let result = Mutex<Result<SnapshotHolder, StartError>?>(nil)
    private let delivered = DispatchSemaphore(value: 0)

    func deliver(_ result: Result<SnapshotHolder, StartError>) {
        self.result.withLock { $0 = result }
        delivered.signal()
    }

    func wait() -> Result<SnapshotHolder, StartError> {
        delivered.wait()
        return result.withLock { $0 } ?? .failure(StartError("the database was not asked"))
    }
}
