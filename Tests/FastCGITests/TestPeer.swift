import Glibc

/// The web server's side of a connection: a Unix socket with time-outs, so that no test waits for ever.
final class TestPeer {
    let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let code = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            throw PeerError.refused
        }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    enum PeerError: Error { case refused, ended, timedOut }

    func send(_ bytes: [UInt8]) {
        Sender(descriptor: descriptor).send(bytes)
    }

    /// The sending half, for another thread.
    struct Sender {
        let descriptor: Int32

        func send(_ bytes: [UInt8]) {
            _ = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// The standard output of one answer, up to its END_REQUEST record.
    func answer() throws -> String {
        var output: [UInt8] = []
        while true {
            let header = try receive(8)
            let content = try receive(Int(header[4]) << 8 | Int(header[5]))
            _ = try receive(Int(header[6]))
            if header[1] == 6 { output += content }
            if header[1] == 3 { return String(decoding: output, as: UTF8.self) }
        }
    }

    /// Whether the other side has closed the connection, waiting for it up to the time-out.
    func isClosed() -> Bool {
        do { _ = try receive(1) } catch PeerError.ended { return true } catch {}
        return false
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let received = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if received < 0, errno == EAGAIN { throw PeerError.timedOut }
            guard received > 0 else { throw PeerError.ended }
            bytes += buffer.prefix(received)
        }
        return bytes
    }
}
