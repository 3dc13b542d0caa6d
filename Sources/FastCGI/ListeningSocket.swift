internal import CEpoll
import Glibc

/// A listening Unix socket of one lane: made here, or handed over by systemd (or by whoever restarts us).
///
/// Not FCGX_OpenSocket: that one unlinks whatever it finds, leaves the mode to the umask, inherits across exec and
/// calls exit(3) on an error.
public struct ListeningSocket: Sendable {
    let descriptor: Int32
    /// What we made and must take away, with the file it was: another instance may have put its own there since.
    private let owned: (path: String, device: dev_t, inode: ino_t)?

    /// nginx gets ECONNREFUSED at once when the backlog of a Unix socket is full, and answers 502.
    private static let backlog: Int32 = 4096

    /// Binds `path` and listens, mode 0660.
    ///
    /// - Parameter group: the name of the socket's group, nil for that of the process.
    /// - Throws: when the path is too long for a Unix socket, somebody already answers there, or a system call fails.
    public init(path: String, group: String?) throws(FastCGIError) {
        let address = try UnixAddress(path)
        try Self.removeStale(path, address)
        let descriptor = try UnixAddress.makeSocket()
        // The mode comes from the umask at bind(2), so that the socket is never open to others, not even for a moment.
        let mask = umask(0o117)
        let bound = address.bind(descriptor)
        let failure = errno
        umask(mask)
        do throws(FastCGIError) {
            guard bound == 0 else { throw FastCGIError("bind \(path)", errno: failure) }
            if let group { try Self.changeGroup(of: path, to: group) }
            guard listen(descriptor, Self.backlog) == 0 else { throw FastCGIError("listen on \(path)", errno: errno) }
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { throw FastCGIError("look at \(path)", errno: errno) }
            self.descriptor = descriptor
            self.owned = (path, status.st_dev, status.st_ino)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        owned = nil
    }

    /// The same socket for a forked process, which must not remove its file.
    public var borrowed: ListeningSocket { ListeningSocket(descriptor: descriptor) }

    /// Takes over a descriptor that listens already.
    ///
    /// - Throws: when it is no listening Unix stream socket.
    init(inherited descriptor: Int32) throws(FastCGIError) {
        var listening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0, listening == 1 else {
            throw FastCGIError("descriptor \(descriptor) of LISTEN_FDS is not a listening socket")
        }
        var domain: Int32 = 0
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0, domain == AF_UNIX else {
            throw FastCGIError("descriptor \(descriptor) of LISTEN_FDS is not a Unix socket")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        self.descriptor = descriptor
        self.owned = nil
    }

    /// The sockets that systemd handed over, by name (sd_listen_fds_with_names(3)): LISTEN_PID, LISTEN_FDS and
    /// LISTEN_FDNAMES. Empty when there are none or they were meant for another process.
    public static func inherited(environment: [String: String]) throws(FastCGIError) -> [String: ListeningSocket] {
        guard let processID = environment["LISTEN_PID"], processID == String(getpid()),
            let count = environment["LISTEN_FDS"].flatMap(Int32.init), (1...64).contains(count)
        else { return [:] }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        guard names.count == Int(count) else {
            throw FastCGIError("LISTEN_FDNAMES must name each of the \(count) descriptors of LISTEN_FDS")
        }
        var sockets: [String: ListeningSocket] = [:]
        for (index, name) in names.enumerated() {
            sockets[String(name)] = try ListeningSocket(inherited: 3 + Int32(index))
        }
        return sockets
    }

    /// Closes the socket and removes its file if we made it. Never shutdown(2): an inherited socket would be dead for
    /// the next process as well.
    public func close() {
        Glibc.close(descriptor)
        guard let owned else { return }
        var status = stat()
        if unsafe lstat(owned.path, &status) == 0, status.st_dev == owned.device, status.st_ino == owned.inode {
            unsafe unlink(owned.path)
        }
    }

    /// A socket file outlives a killed process. It is stale when nobody accepts there.
    private static func removeStale(_ path: String, _ address: UnixAddress) throws(FastCGIError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw FastCGIError("cannot bind \(path): it exists and is not a socket")
        }
        guard try address.probe() == ECONNREFUSED else {
            throw FastCGIError("cannot bind \(path): another process listens there")
        }
        _ = unsafe unlink(path)
    }

    private static func changeGroup(of path: String, to group: String) throws(FastCGIError) {
        guard let entry = unsafe getgrnam(group) else {
            throw FastCGIError("cannot give \(path) to the group \(group): there is no such group")
        }
        guard unsafe chown(path, uid_t.max, entry.pointee.gr_gid) == 0 else {
            throw FastCGIError("give \(path) to the group \(group)", errno: errno)
        }
    }
}
