internal import FastCGI
import Glibc
internal import Synchronization

/// What the operating system and systemd want of a service: signals, limits, notifications. The only file above the
/// C libraries' own that touches pointers.
package enum Lifecycle {
    /// What a process of ours is told: by a signal, or by another one over ``Signals``.
    package enum Signal: Equatable {
        /// SIGTERM and SIGINT.
        case stop
        /// SIGHUP.
        case reload
        /// SIGUSR2: the second half of a reload, from the supervisor to an instance.
        case adopt
        /// SIGCHLD.
        case childEnded
        /// An instance has done what it was to do: to start, or what the last signal asked for.
        case done(instance: Int)

        fileprivate init?(byte: UInt8) {
            switch byte {
            case 1: self = .stop
            case 2: self = .reload
            case 3: self = .adopt
            case 4: self = .childEnded
            case 128...: self = .done(instance: Int(byte) - 128)
            default: return nil
            }
        }

        fileprivate var byte: UInt8 {
            switch self {
            case .stop: 1
            case .reload: 2
            case .adopt: 3
            case .childEnded: 4
            case .done(let instance): UInt8(clamping: 128 + instance)
            }
        }
    }

    /// A pipe of signals: a handler may call write(2), and little else.
    package struct Signals {
        fileprivate let readEnd: Int32
        fileprivate let writeEnd: Int32

        /// Waits for the next signal.
        ///
        /// - Parameter deadline: until when, nil for ever.
        /// - Returns: nil when there was none in time.
        package func next(until deadline: ContinuousClock.Instant? = nil) -> Signal? {
            while true {
                var entry = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
                let milliseconds = deadline.map { Lifecycle.milliseconds(until: $0) } ?? -1
                let count = unsafe poll(&entry, 1, milliseconds)
                if count == 0 { return nil }
                var byte: UInt8 = 0
                if count > 0, unsafe read(readEnd, &byte, 1) == 1, let signal = Signal(byte: byte) { return signal }
                if errno != EINTR { usleep(100_000) }
            }
        }

        /// Tells whoever reads from this pipe.
        func send(_ signal: Signal) {
            var byte = signal.byte
            _ = unsafe write(writeEnd, &byte, 1)
        }

        /// For a forked process, which only sends to its parent's pipe.
        func stopReading() {
            close(readEnd)
        }
    }

    /// The write end of the pipe that this process reads its signals from.
    private static let pipeEnd = Atomic<Int32>(-1)

    /// From now on signals arrive at the pipe. Called before libfcgi is set up, which handles SIGTERM, SIGUSR1 and
    /// SIGPIPE itself where nobody did. A forked process calls it for a pipe of its own.
    ///
    /// - Returns: nil when the system has no descriptor left.
    package static func catchSignals() -> Signals? {
        var ends: (Int32, Int32) = (-1, -1)
        let made = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe pipe($0) }
        }
        guard made == 0 else { return nil }
        _ = fcntl(ends.0, F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends.1, F_SETFD, FD_CLOEXEC)
        // A burst of signals must not block the handler.
        _ = fcntl(ends.1, F_SETFL, O_NONBLOCK)
        pipeEnd.store(ends.1, ordering: .releasing)
        handle(SIGTERM) { _ in Lifecycle.note(.stop) }
        handle(SIGINT) { _ in Lifecycle.note(.stop) }
        handle(SIGHUP) { _ in Lifecycle.note(.reload) }
        handle(SIGUSR2) { _ in Lifecycle.note(.adopt) }
        handle(SIGCHLD) { _ in Lifecycle.note(.childEnded) }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGUSR1, SIG_IGN)
        // They were blocked while this process was forked.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigprocmask(SIG_SETMASK, &none, nil)
        return Signals(readEnd: ends.0, writeEnd: ends.1)
    }

    /// A program that was started with one of the three standard descriptors closed would get it for a socket, and
    /// write its log to a client.
    package static func fillStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest that is free: this one.
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }

    /// As many descriptors as we may have, and no core dump, which would hold keys: no file, and none for a program
    /// that core_pattern names either, to which the limit does not apply.
    package static func setLimits() {
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            limit.rlim_cur = min(limit.rlim_max, 65_536)
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        ServiceProcess.forbidDumps()
    }

    /// Tells systemd, or whoever set NOTIFY_SOCKET, how we are (sd_notify(3)).
    package static func notify(_ state: String, environment: [String: String]) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@") else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            unsafe bytes.copyBytes(from: path.utf8)
            // An abstract address begins with NUL.
            if path.hasPrefix("@") { unsafe bytes[0] = 0 }
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe sendto(descriptor, state, state.utf8.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    private static func note(_ signal: Signal) {
        var byte = signal.byte
        let saved = errno
        _ = unsafe write(pipeEnd.load(ordering: .acquiring), &byte, 1)
        errno = saved
    }

    /// For poll(2): rounded up, so that the time is over when it returns.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let rest = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        return Int32(min(max(rest.rounded(.up), 0), 1_000_000))
    }

    private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_RESTART
        unsafe sigaction(number, &action, nil)
    }
}

/// Writes text to standard error, where messages for people go.
public func writeToStandardError(_ text: String) {
    writeToStandardError(Array(text.utf8))
}

/// Writes all of `bytes` to standard error, as far as it takes them.
///
/// Whole lines at a time and no more than PIPE_BUF bytes, which a pipe keeps together (pipe(7)): other instances may
/// write to the same one.
func writeToStandardError(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { buffer in
        var offset = 0
        while offset < buffer.count {
            let piece = unsafe buffer[offset..<min(offset + Int(PIPE_BUF), buffer.count)]
            let end = unsafe piece.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? piece.endIndex
            let start = unsafe buffer.baseAddress.map { unsafe $0 + offset }
            let written = unsafe write(STDERR_FILENO, start, end - offset)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            offset += written
        }
    }
}

/// The id of a user, nil when there is none of that name (getpwnam_r(3)).
func userID(named name: String) -> UInt32? {
    unsafe getpwnam(name)?.pointee.pw_uid
}

/// Whether a group of that name exists (getgrnam(3)).
func groupExists(_ name: String) -> Bool {
    unsafe getgrnam(name) != nil
}
