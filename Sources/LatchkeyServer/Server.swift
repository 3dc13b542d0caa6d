internal import ContentStore
internal import FastCGI
internal import Glibc
internal import JOSE
internal import LatchkeyCore
internal import Logging
internal import PostgreSQL

/// The service from start to end, in one process: alone, or as one of the supervisor's instances.
public struct Server {
    private let settings: Settings
    private let environment: [String: String]
    private let place: Place?
    private let sink: LogSink
    private let logger: Logger

    /// What an instance has from the supervisor that forked it.
    struct Place {
        let number: Int
        let listeners: Listeners
        let supervisor: Lifecycle.Signals
    }

    /// Serves until SIGTERM or SIGINT, with as many processes as the settings say.
    ///
    /// - Parameter environment: for what systemd hands over: LISTEN_FDS, NOTIFY_SOCKET, CREDENTIALS_DIRECTORY.
    /// - Returns: the exit status: 0 after a stop that was asked for, 1 when the start failed.
    /// - Throws: when the system has no thread for the log.
    public static func run(settings: Settings, environment: [String: String]) throws -> Int32 {
        Lifecycle.fillStandardDescriptors()
        if settings.instances > 1 { return Supervisor.run(settings, environment: environment) }
        return try Server(settings: settings, environment: environment, place: nil).run()
    }

    init(settings: Settings, environment: [String: String], place: Place?) throws(FastCGIError) {
        self.settings = settings
        self.environment = environment
        self.place = place
        sink = try LogSink()
        let handler = JSONLogHandler(sink: sink, level: settings.logLevel)
        logger = Logger(label: "latchkeyd") { _ in handler }
    }

    func run() -> Int32 {
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
        let conninfo = try Conninfo(checking: settings)
        let keys = KeyRing(try .load(settings))
        let contents = try ContentStore(checking: settings)
        let listeners: Listeners
        if let place {
            listeners = place.listeners
        } else {
            listeners = try Listeners(settings, environment: environment)
        }
        let lanes: Lanes
        do throws(StartError) {
            let snapshots = try startKeeper(conninfo)
            lanes = try Lanes(
                settings: settings,
                shared: .init(
                    keys: keys, snapshots: snapshots, sink: sink, conninfo: conninfo, contents: contents),
                listeners: listeners)
        } catch {
            listeners.close()
            throw error
        }
        ready(keys)
        wait(for: signals, keys)
        if place == nil {
            Lifecycle.notify("STOPPING=1", environment: environment)
            logger.notice("draining")
        }
        if !lanes.drain(within: settings.drain) { logger.warning("requests were still under way at the end") }
        if place == nil { logger.notice("stopped") }
    }

    private func ready(_ keys: KeyRing) {
        let key = "\(keys.current.keys.tokens.current.id)"
        if let place {
            logger.notice("instance ready", metadata: [
                "instance": "\(place.number)", "pid": "\(getpid())", "token_key": "\(key)",
            ])
            // So that it stands in the log before the supervisor's line.
            sink.flush()
            place.supervisor.send(.done(instance: place.number))
        } else {
            logger.notice("ready", metadata: [
                "instances": "1", "verify_workers": "\(settings.verifyWorkers)",
                "database_workers": "\(settings.databaseWorkers)", "upload_workers": "\(settings.uploadWorkers)",
                "token_key": "\(key)",
            ])
            Lifecycle.notify("READY=1", environment: environment)
        }
    }

    /// Until the signal to stop. An instance reloads in two halves: it takes the new keys to verify with, and when all
    /// instances have, to sign with.
    private func wait(for signals: Lifecycle.Signals, _ keys: KeyRing) {
        var pending: KeyRing.Keys?
        while let signal = signals.next(), signal != .stop {
            guard let place else {
                if signal == .reload { reload(keys) }
                continue
            }
            switch signal {
            case .reload:
                pending = load()
                if let pending { keys.replace(with: keys.current.keys.accepting(pending)) }
            case .adopt:
                if let pending { keys.replace(with: pending) }
            default:
                continue
            }
            place.supervisor.send(.done(instance: place.number))
        }
    }

    private func reload(_ keys: KeyRing) {
        Lifecycle.notify("RELOADING=1", environment: environment)
        if let new = load() {
            keys.replace(with: new)
            logger.notice("keys reloaded", metadata: ["token_key": "\(new.tokens.current.id)"])
        }
        Lifecycle.notify("READY=1", environment: environment)
    }

    /// The keys as they are on disk now. A bad file changes nothing: the keys that are in use stay.
    private func load() -> KeyRing.Keys? {
        do throws(StartError) {
            return try KeyRing.Keys.load(settings)
        } catch {
            logger.error("keys not reloaded, the old ones stay in use", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    /// Starts the thread that keeps the snapshot, and waits for the first one.
    private func startKeeper(_ conninfo: Conninfo) throws(StartError) -> SnapshotHolder {
        let first = FirstResult<SnapshotHolder>()
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
        return try first.wait()
    }
}

extension Conninfo {
    init(checking settings: Settings) throws(StartError) {
        do throws(DatabaseError) {
            try self.init(settings.databaseConninfo)
        } catch {
            throw StartError("\(error)")
        }
    }
}

extension ContentStore {
    init(checking settings: Settings) throws(StartError) {
        do throws(ContentStoreError) {
            try self.init(folder: settings.documentsFolder)
        } catch {
            throw StartError("LATCHKEY_DOCUMENTS_FOLDER: \(error)")
        }
    }
}
