import Glibc

/// Whether somebody accepts connections at a Unix socket.
public enum SocketProbe {
    /// Connects and hangs up at once. libfcgi sees a connection on which nothing ever comes.
    ///
    /// - Throws: what connect(2) says, in words where the system's are of no help.
    public static func connect(to path: String) throws(FastCGIError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw FastCGIError("the path of a Unix socket cannot be as long as \(path)")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_UNIX, Int32(type), 0)
        guard descriptor >= 0 else { throw FastCGIError("make a socket", errno: errno) }
        defer { close(descriptor) }
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe Glibc.connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result != 0 else { return }
        switch errno {
        case ENOENT: throw FastCGIError("there is no socket \(path)")
        case ECONNREFUSED: throw FastCGIError("nobody listens at \(path)")
        case EAGAIN: throw FastCGIError("the queue at \(path) is full: nobody accepts")
        default: throw FastCGIError("connect to \(path)", errno: errno)
        }
    }
}
