import Glibc
import Testing

@testable import LatchkeyServer

/// Somebody who listens as systemd does.
private final class NotifySocket {
    private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)

    /// - Parameter path: `@` at its start stands for NUL, for an abstract address.
    init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            unsafe bytes.copyBytes(from: path.utf8)
            if path.hasPrefix("@") { unsafe bytes[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
        let code = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        try #require(code == 0)
    }

    deinit { close(descriptor) }

    /// What was sent first; nil when nothing was.
    func received() -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

@Suite("The lifecycle")
struct LifecycleTests {
    @Test("tells whoever listens at NOTIFY_SOCKET, be its address a path or an abstract one")
    func notify() throws {
        let folder = try TemporaryFolder()
        for path in ["\(folder.path)/notify", "@latchkey-test-\(getpid())"] {
            let socket = try NotifySocket(path: path)
            Lifecycle.notify("READY=1", environment: ["NOTIFY_SOCKET": path])
            #expect(socket.received() == "READY=1")
            #expect(socket.received() == nil)
        }
    }

    @Test("tells nobody where nobody listens, and goes on", arguments: [
        [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "vsock:2:1234"], ["NOTIFY_SOCKET": "/nonexistent/notify"],
        ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 107)],
    ])
    func nobody(environment: [String: String]) {
        Lifecycle.notify("READY=1", environment: environment)
    }

    @Test("knows the system's users and groups")
    func users() {
        #expect(userID(named: "root") == 0 && userID(named: "nobody-like-this") == nil && userID(named: "") == nil)
        #expect(groupExists("root") && !groupExists("nobody-like-this"))
    }
}
