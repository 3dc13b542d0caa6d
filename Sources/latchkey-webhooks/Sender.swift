import Dispatch
import FastCGI
import JOSE
import LatchkeyCore
import LatchkeyServer
import Logging
import PostgreSQL

/// The sender from start to end.
struct Sender {
    private let settings: Settings
    private let environment: [String: String]
    private let sink: LogSink
    private let logger: Logger

    /// The loop's own drain, and what it may have to wait for the database at its end.
    private static let longestEnd = DispatchTimeInterval.seconds(18)

    /// Sends until SIGTERM or SIGINT.
    ///
    /// - Parameter environment: for what systemd hands over: NOTIFY_SOCKET, CREDENTIALS_DIRECTORY.
    /// - Returns: the exit status: 0 after a stop that was asked for, 1 when the start failed.
    /// - Throws: when the system has no thread for the log.
    static func run(_ settings: Settings, environment: [String: String]) throws -> Int32 {
        Lifecycle.fillStandardDescriptors()
        let sink = try LogSink()
        defer { sink.flush() }
        let handler = JSONLogHandler(sink: sink, level: settings.logLevel)
        let logger = Logger(label: "latchkey-webhooks") { _ in handler }
        do throws(StartError) {
            try Sender(settings: settings, environment: environment, sink: sink, logger: logger).serve()
            return 0
        } catch {
            logger.error("cannot start", metadata: ["reason": "\(error)"])
            return 1
        }
    }

    private func serve() throws(StartError) {
        guard let signals = Lifecycle.catchSignals() else { throw StartError("no descriptor is left for a pipe") }
        Lifecycle.setLimits()
        let keys = WebhookKeys(try .load(settings))
        let transport = HTTPTransport(
            rules: AddressRules(allowed: settings.allowedNetworks.networks), roots: try TrustedRoots.load(settings),
            // Some more, for those that nobody waits for any more.
            lookups: settings.concurrency + 64)
        let ended = DispatchSemaphore(value: 0)
        let stopper = try startLoop(keys, transport, ended)
        logger.notice("ready", metadata: [
            "concurrency": "\(settings.concurrency)", "webhook_key": "\(keys.current.webhooks.current.id)",
        ])
        Lifecycle.notify("READY=1", environment: environment)
        while let signal = signals.next(), signal != .stop {
            if signal == .reload { reload(keys, transport) }
        }
        Lifecycle.notify("STOPPING=1", environment: environment)
        logger.notice("draining")
        stopper.stop()
        if ended.wait(timeout: .now() + Self.longestEnd) == .timedOut {
            logger.warning("the database did not answer at the end")
        }
        logger.notice("stopped")
    }

    /// Bad files change nothing: what is in use stays.
    private func reload(_ keys: WebhookKeys, _ transport: HTTPTransport) {
        Lifecycle.notify("RELOADING=1", environment: environment)
        do throws(StartError) {
            let (new, roots) = (try WebhookKeys.Keys.load(settings), try TrustedRoots.load(settings))
            keys.replace(with: new)
            transport.replaceRoots(with: roots)
            logger.notice("keys reloaded", metadata: ["webhook_key": "\(new.webhooks.current.id)"])
        } catch {
            logger.error("keys not reloaded, the old ones stay in use", metadata: ["reason": "\(error)"])
        }
        Lifecycle.notify("READY=1", environment: environment)
    }

    /// Starts the thread that owns the connection to the database, and waits until it has one.
    private func startLoop(
        _ keys: WebhookKeys, _ transport: HTTPTransport, _ ended: DispatchSemaphore
    ) throws(StartError) -> DeliveryLoop.Stopper {
        let begun = FirstResult<DeliveryLoop.Stopper>()
        do throws(FastCGIError) {
            try ServiceThread.start("deliveries") { [self] in
                do throws(StartError) {
                    let loop = try makeLoop(keys, transport)
                    begun.deliver(.success(loop.stopper))
                    loop.run()
                } catch {
                    begun.deliver(.failure(error))
                }
                ended.signal()
            }
        } catch {
            throw StartError("\(error)")
        }
        return try begun.wait()
    }

    private func makeLoop(_ keys: WebhookKeys, _ transport: HTTPTransport) throws(StartError) -> DeliveryLoop {
        let conninfo: Conninfo
        do throws(DatabaseError) {
            conninfo = try Conninfo(settings.databaseConninfo, applicationName: "latchkey-webhooks")
        } catch {
            throw StartError("\(error)")
        }
        var log = DeliveryLog(sink: sink, level: settings.logLevel)
        return try DeliveryLoop(
            conninfo: conninfo,
            limits: DeliveryLoop.Limits(concurrency: settings.concurrency, perApp: settings.perApp),
            keys: keys, baseURLs: BaseURLs(production: settings.productionURL, sandbox: settings.sandboxURL),
            transport: transport
        ) { [logger] event in
            switch event {
            case .settled(let report):
                log.write(report, counts: true)
            case .superseded(let report):
                log.write(report, counts: false)
            case .notSettled(let attempt, let error):
                logger.error("not settled", metadata: ["webhook_id": "\(WebhookID(attempt.id))", "reason": "\(error)"])
            case .databaseAway(let error):
                logger.error("nothing is sent without the database", metadata: ["reason": "\(error)"])
            case .databaseBack:
                logger.notice("the database is back")
            }
        }
    }
}
