import Glibc

/// The path of a Unix socket as bind(2) and connect(2) want it.
struct UnixAddress {
    private let address: sockaddr_un
    private let path: String

    /// - Throws: when the path is empty, holds NUL, or is too long for a Unix socket.
    init(_ path: String) throws(FastCGIError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard !path.isEmpty, path.utf8.count < capacity, !path.utf8.contains(0) else {
            throw FastCGIError("cannot use \(path): the path of a Unix socket has 1 to \(capacity - 1) bytes")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        self.address = address
        self.path = path
    }

    /// A stream socket that does not block, closed on exec.
    static func makeSocket() throws(FastCGIError) -> Int32 {
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_UNIX, Int32(type), 0)
        guard descriptor >= 0 else { throw FastCGIError("make a socket", errno: errno) }
        return descriptor
    }

    func bind(_ descriptor: Int32) -> Int32 {
        unsafe withPointer { unsafe Glibc.bind(descriptor, $0, $1) }
    }

    /// Connects and hangs up at once; libfcgi never hears of it.
    ///
    /// - Returns: 0, or the value of errno(3) that connect(2) left.
    func probe() throws(FastCGIError) -> Int32 {
        let descriptor = try Self.makeSocket()
        defer { close(descriptor) }
        let result = unsafe withPointer { unsafe Glibc.connect(descriptor, $0, $1) }
        return result == 0 ? 0 : errno
    }

    private func withPointer(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
