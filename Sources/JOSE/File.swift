internal import Glibc

/// An open file. Errors name its path and what the system said (errno(3)).
struct File: ~Copyable {
    let path: String
    private let descriptor: Int32

    init(opening path: String) throws(JOSEError) {
        // O_NONBLOCK: opening a FIFO must not wait for a writer. Regular files are not affected by it.
        try self.init(path, O_RDONLY | O_NONBLOCK, "open")
    }

    /// A new file with mode 0600. Never one, or a link, that somebody has put there before.
    init(creating path: String) throws(JOSEError) {
        try self.init(path, O_WRONLY | O_CREAT | O_EXCL, "create")
    }

    init(openingFolderOf path: String) throws(JOSEError) {
        try self.init(Self.folder(of: path), O_RDONLY | O_DIRECTORY, "open")
    }

    private init(_ path: String, _ flags: Int32, _ verb: String) throws(JOSEError) {
        guard !path.utf8.contains(0) else { throw .keyFile("a path holds a NUL character") }
        let descriptor = unsafe open(path, flags | O_CLOEXEC | O_NOCTTY, 0o600)
        guard descriptor >= 0 else { throw Self.failure(verb, path) }
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        _ = close(descriptor)
    }

    /// The error of a system call that has just failed.
    static func failure(_ verb: String, _ path: String) -> JOSEError {
        .keyFile("cannot \(verb) \(path): \(unsafe String(cString: strerror(errno)))")
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// fstat(2).
    func status() throws(JOSEError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("examine", path) }
        return status
    }

    // MARK: - Reading

    /// The whole of a regular file, in one array that was never moved, so that it can be wiped.
    func readAll(maximumBytes: Int) throws(JOSEError) -> [UInt8] {
        // One byte more than allowed tells a file that is too large.
        var bytes = try read(atMost: maximumBytes + 1)
        guard bytes.count <= maximumBytes else {
            wipe(&bytes)
            throw .keyFile("\(path) is larger than \(maximumBytes) bytes")
        }
        return bytes
    }

    /// The next bytes: as many as asked for, fewer only before the end, none at the end.
    func read(atMost count: Int) throws(JOSEError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let received = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            if received < 0, errno == EINTR { continue }
            guard received >= 0 else { throw Self.failure("read", path) }
            guard received > 0 else { break }
            filled += received
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    // MARK: - Writing

    /// Gives the file the owner and group of the one at `path`, if there is one (fchown(2)).
    func takeOwner(of path: String) throws(JOSEError) {
        var other = stat()
        guard unsafe stat(path, &other) == 0, other.st_uid != geteuid() || other.st_gid != getegid() else { return }
        guard fchown(descriptor, other.st_uid, other.st_gid) == 0 else {
            throw Self.failure("keep the owner of", path)
        }
    }

    func write(_ bytes: [UInt8]) throws(JOSEError) {
        var written = 0
        while written < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { throw Self.failure("write", path) }
            written += sent
        }
    }

    /// fsync(2).
    func synchronise() throws(JOSEError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("synchronise", path) }
    }
}
