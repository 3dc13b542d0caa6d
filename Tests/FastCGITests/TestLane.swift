import Glibc

@testable import FastCGI

/// A lane on a socket in a fresh folder.
final class TestLane {
    let folder: String
    let path: String
    let lane: Lane
    let socket: ListeningSocket

    /// - Parameter bodyTimeout: of a lane that streams bodies; nil for one that does not.
    init(
        shared: Bool, workers: Int = 2, timeout: Duration = .seconds(5), bodyTimeout: Duration? = nil,
        makeHandler: @escaping @Sendable () -> any ExchangeHandler = { Echo() }
    ) throws {
        var template = Array("/tmp/latchkey-lane-XXXXXX".utf8CString)
        guard let made = unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) else {
            throw TestPeer.PeerError.refused
        }
        folder = unsafe String(cString: made)
        path = folder + "/lane.sock"
        socket = try ListeningSocket(path: path, group: nil)
        var configuration = Lane.Configuration(
            name: bodyTimeout == nil ? "test" : "stream", workers: workers, sharesConnections: shared, timeout: timeout)
        if let bodyTimeout {
            configuration.streamsBodies = true
            configuration.bodyTimeout = bodyTimeout
        }
        lane = try Lane(configuration, listener: socket, makeHandler: { _ in makeHandler() })
        try lane.start()
    }

    deinit {
        lane.stop()
        _ = lane.waitUntilStopped(by: .now + .seconds(5))
        socket.close()
        unsafe rmdir(folder)
    }
}
