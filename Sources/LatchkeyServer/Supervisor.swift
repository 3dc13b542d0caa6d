internal import ContentStore
internal import FastCGI
internal import Glibc
internal import JOSE
internal import LatchkeyCore
internal import Logging
internal import PostgreSQL

/// The first process where several are to serve: it makes the sockets, forks the instances and starts another for one
/// that dies. It serves nothing itself, so that nothing a peer sends can harm it.
///
/// It has no thread besides the first, and so no LogSink: ``ServiceProcess`` says why.
struct Supervisor {
    private struct Instance {
        let number: Int
        var process: ServiceProcess?
        /// Whether it has ever been ready.
        var wasReady = false
        var began = ContinuousClock.now
        /// When to start it again.
        var due: ContinuousClock.Instant?
    }

    /// A reload under way: first all instances take the new keys to verify with, then to sign with.
    private struct Reload {
        var isSecondHalf = false
        /// The numbers of the instances that have not said yet that they have done it.
        var waiting: Set<Int>
    }

    private let settings: Settings
    private let environment: [String: String]
    private let signals: Lifecycle.Signals
    private let listeners: Listeners
    private var tokenKey: String
    private var instances: [Instance]
    /// Whether the start is over.
    private var isReady = false
    private var reload: Reload?
    private var reloadIsWanted = false

    /// One that lived for so long is started again at once, another after the pause.
    private static let shortLife: Duration = .seconds(1)
    private static let pause: Duration = .milliseconds(250)
    /// What an instance may need to end after its drain.
    private static let margin: Duration = .seconds(2)

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Returns: the exit status: 0 after a stop that was asked for, 1 when the start failed.
    static func run(_ settings: Settings, environment: [String: String]) -> Int32 {
        do throws(StartError) {
            var supervisor = try Supervisor(settings, environment: environment)
            defer { supervisor.listeners.close() }
            return try supervisor.run()
        } catch {
            say(settings, .error, "cannot start", [("reason", "\(error)")])
            return 1
        }
    }

    private init(_ settings: Settings, environment: [String: String]) throws(StartError) {
        guard let signals = Lifecycle.catchSignals() else { throw StartError("no descriptor is left for a pipe") }
        Lifecycle.setLimits()
        _ = try Conninfo(checking: settings)
        self.settings = settings
        self.environment = environment
        self.signals = signals
        tokenKey = try Self.tokenKey(settings)
        _ = try ContentStore(checking: settings)
        listeners = try Listeners(settings, environment: environment)
        instances = (1...settings.instances).map { Instance(number: $0) }
    }

    private mutating func run() throws(StartError) -> Int32 {
        try start(0)
        while true {
            switch signals.next(until: instances.compactMap(\.due).min()) {
            case .stop:
                stop()
                return 0
            case .reload:
                beginReload()
            case .childEnded:
                while let (id, end) = ServiceProcess.nextEnded() {
                    guard isReady else { return try giveUp(id, end) }
                    replace(id, end)
                }
            case .done(let number):
                try noteDone(number)
            case .adopt:
                break
            case nil:
                startWhatIsDue()
            }
        }
    }
}

// MARK: - Starting

extension Supervisor {
    private mutating func start(_ index: Int) throws(StartError) {
        let place = Server.Place(
            number: instances[index].number, listeners: listeners.borrowed, supervisor: signals)
        do throws(FastCGIError) {
            instances[index].due = nil
            instances[index].began = .now
            instances[index].process = try ServiceProcess.start { [settings] in
                place.supervisor.stopReading()
                do throws(FastCGIError) {
                    // Without the environment: systemd hears from its main process alone.
                    return try Server(settings: settings, environment: [:], place: place).run()
                } catch {
                    Self.say(settings, .error, "cannot start", [("reason", "\(error)")])
                    return 1
                }
            }
        } catch {
            throw StartError("\(error)")
        }
    }

    /// An instance has started, or has done its part of a reload.
    private mutating func noteDone(_ number: Int) throws(StartError) {
        guard instances.indices.contains(number - 1) else { return }
        instances[number - 1].wasReady = true
        reload?.waiting.remove(number)
        if isReady {
            goOnReloading()
        } else if let next = instances.firstIndex(where: { !$0.wasReady }) {
            // One after the other, so that what is wrong is said once.
            if instances[next].process == nil { try start(next) }
        } else {
            isReady = true
            say(.notice, "ready", [
                ("database_workers", "\(settings.databaseWorkers)"), ("instances", "\(instances.count)"),
                ("token_key", tokenKey), ("upload_workers", "\(settings.uploadWorkers)"),
                ("verify_workers", "\(settings.verifyWorkers)"),
            ])
            Lifecycle.notify("READY=1", environment: environment)
            if reloadIsWanted { beginReload() }
        }
    }

    /// An instance ended before all were ready: the start has failed.
    private mutating func giveUp(_ id: Int32, _ end: ServiceProcess.End) throws(StartError) -> Int32 {
        forget(id)
        endAll()
        // It has said why.
        if end == .exited(status: 1) { return 1 }
        throw StartError("an instance ended before it was ready, \(end.text)")
    }

    private mutating func replace(_ id: Int32, _ end: ServiceProcess.End) {
        guard let index = forget(id) else { return }
        say(.warning, "instance ended", [
            ("instance", "\(instances[index].number)"), ("pid", "\(id)"), end.member,
        ])
        let lived = instances[index].began.duration(to: .now)
        instances[index].due = lived < Self.shortLife ? .now + Self.pause : .now
        reload?.waiting.remove(instances[index].number)
        goOnReloading()
    }

    private mutating func startWhatIsDue() {
        for index in instances.indices {
            guard let due = instances[index].due, due <= .now else { continue }
            do throws(StartError) {
                try start(index)
            } catch {
                say(.error, "instance not started", [("reason", "\(error)")])
                instances[index].due = .now + Self.pause
            }
        }
    }

    /// - Returns: where the instance is that was this process.
    @discardableResult
    private mutating func forget(_ id: Int32) -> Int? {
        guard let index = instances.firstIndex(where: { $0.process?.id == id }) else { return nil }
        instances[index].process = nil
        return index
    }
}

// MARK: - Keys

extension Supervisor {
    private static func tokenKey(_ settings: Settings) throws(StartError) -> String {
        "\(try KeyRing.Keys.load(settings).tokens.current.id)"
    }

    /// A bad file changes nothing: the keys that are in use stay.
    private mutating func beginReload() {
        reloadIsWanted = !isReady
        guard isReady else { return }
        Lifecycle.notify("RELOADING=1", environment: environment)
        do throws(StartError) {
            tokenKey = try Self.tokenKey(settings)
        } catch {
            say(.error, "keys not reloaded, the old ones stay in use", [("reason", "\(error)")])
            Lifecycle.notify("READY=1", environment: environment)
            return
        }
        reload = Reload(waiting: tell(SIGHUP))
        goOnReloading()
    }

    private mutating func goOnReloading() {
        guard let current = reload, current.waiting.isEmpty else { return }
        if current.isSecondHalf {
            reload = nil
            say(.notice, "keys reloaded", [("token_key", tokenKey)])
            Lifecycle.notify("READY=1", environment: environment)
        } else {
            reload = Reload(isSecondHalf: true, waiting: tell(SIGUSR2))
            goOnReloading()
        }
    }

    /// - Returns: the numbers of those that were told.
    private func tell(_ signal: Int32) -> Set<Int> {
        let running = instances.filter { $0.process != nil }
        for instance in running { instance.process?.send(signal: signal) }
        return Set(running.map(\.number))
    }
}

// MARK: - Stopping

extension Supervisor {
    private mutating func stop() {
        Lifecycle.notify("STOPPING=1", environment: environment)
        say(.notice, "draining")
        endAll()
        say(.notice, "stopped")
    }

    /// Lets every instance answer what is under way, and waits for that; but not for ever.
    private mutating func endAll() {
        for (signal, limit) in [(SIGTERM, settings.drain + Self.margin), (SIGKILL, .seconds(1))] {
            let deadline = ContinuousClock.now + limit
            _ = tell(signal)
            while instances.contains(where: { $0.process != nil }) {
                guard signals.next(until: deadline) != nil else { break }
                while let (id, _) = ServiceProcess.nextEnded() { forget(id) }
            }
        }
    }
}

// MARK: - Log

extension Supervisor {
    private func say(_ level: Logger.Level, _ message: String, _ members: [(name: String, value: String)] = []) {
        Self.say(settings, level, message, members)
    }

    private static func say(
        _ settings: Settings, _ level: Logger.Level, _ message: String, _ members: [(name: String, value: String)] = []
    ) {
        guard level >= settings.logLevel else { return }
        let line = LogLine.bytes(level: level.rawValue, message: message, members: members)
        writeToStandardError(line + [UInt8(ascii: "\n")])
    }
}

extension ServiceProcess.End {
    fileprivate var member: (name: String, value: String) {
        switch self {
        case .exited(let status): ("status", "\(status)")
        case .killed(let signal): ("signal", "\(signal)")
        }
    }

    fileprivate var text: String { "\(member.name) \(member.value)" }
}
