import Glibc

/// Whether somebody accepts connections at a Unix socket.
public enum SocketProbe {
    /// Connects and hangs up at once.
    ///
    /// - Throws: what connect(2) says, in words where the system's are of no help.
    public static func connect(to path: String) throws(FastCGIError) {
        switch try UnixAddress(path).probe() {
        case 0: return
        case ENOENT: throw FastCGIError("there is no socket \(path)")
        case ECONNREFUSED: throw FastCGIError("nobody listens at \(path)")
        case EAGAIN: throw FastCGIError("the queue at \(path) is full: nobody accepts")
        case let code: throw FastCGIError("connect to \(path)", errno: code)
        }
    }
}
