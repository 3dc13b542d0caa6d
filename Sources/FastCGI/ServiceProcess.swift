internal import CEpoll
import Glibc

/// A process that is forked to serve and does not become another program (fork(2) without exec): it has all that its
/// parent had made ready, sockets included. The parent must have no other thread, since only the one that forks goes on
/// in the child, and a lock that another held would stay locked for ever.
public struct ServiceProcess: Sendable {
    public let id: Int32

    /// How a process ended.
    public enum End: Sendable, Equatable {
        case exited(status: Int32)
        case killed(signal: Int32)
    }

    /// Starts one, which the kernel kills when its parent ends.
    ///
    /// - Parameter body: what it does; the result is its exit status. Signals are blocked when it begins, so that none
    ///   meets its parent's handlers.
    /// - Throws: when the system has no room for another process.
    public static func start(_ body: () -> Int32) throws(FastCGIError) -> ServiceProcess {
        let parent = getpid()
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe sigprocmask(SIG_SETMASK, &all, &before)
        let id = cepoll_fork()
        let failure = errno
        if id == 0 {
            // A parent that ended before it could be named here would never be missed.
            guard cepoll_end_with_parent() == 0, getppid() == parent else { _exit(1) }
            _exit(body())
        }
        unsafe sigprocmask(SIG_SETMASK, &before, nil)
        guard id > 0 else { throw FastCGIError("fork a process", errno: failure) }
        return ServiceProcess(id: id)
    }

    public func send(signal: Int32) {
        kill(id, signal)
    }

    /// The next child of this process that has ended; nil when there is none at present.
    public static func nextEnded() -> (id: Int32, end: End)? {
        var status: Int32 = 0
        var signal: Int32 = 0
        let id = unsafe cepoll_next_ended(&status, &signal)
        guard id > 0 else { return nil }
        return (id, signal == 0 ? .exited(status: status) : .killed(signal: signal))
    }

    /// No core file of this process and its children, and no look into their memory by others than root: it holds keys.
    public static func forbidDumps() {
        _ = cepoll_forbid_dumps()
    }
}
