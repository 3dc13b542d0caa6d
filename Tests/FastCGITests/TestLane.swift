import Foundation
import Testing

@testable import FastCGI

/// A lane on a socket in a fresh folder.
final class TestLane {
    let folder: String
    let path: String
    let lane: Lane
    let socket: ListeningSocket

    /// - Parameters:
    ///   - name: nil for one by what it does with bodies.
    ///   - bodyTimeout: of a lane that streams bodies; nil for one that does not.
    init(
        shared: Bool, name: String? = nil, workers: Int = 2, timeout: Duration = .seconds(5),
        bodyTimeout: Duration? = nil, maximumParked: Int = 512, quiet: Duration = .milliseconds(150),
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
            name: name ?? (bodyTimeout == nil ? "test" : "stream"), workers: workers, sharesConnections: shared,
            timeout: timeout)
        configuration.maximumParked = maximumParked
        configuration.quiet = quiet
        if let bodyTimeout {
            configuration.streamsBodies = true
            configuration.bodyTimeout = bodyTimeout
        }
        lane = try Lane(configuration, listener: socket, makeHandler: { _ in makeHandler() })
        try lane.start()
    }

    /// What the workers of the lanes of a name have used (proc_pid_stat(5)): other suites run beside this one.
    static func processorTime(ofLanesNamed name: String, workers: Int) throws -> Duration {
        let folder = "/proc/self/task"
        let times = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { thread -> Int? in
            // A thread may have ended since.
            guard let text = try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8),
                text.contains("(\(name)-"), let end = text.lastIndex(of: ")")
            else { return nil }
            let fields = text[end...].split(separator: " ").dropFirst()
            return fields.dropFirst(11).prefix(2).compactMap { Int($0) }.reduce(0, +)
        }
        try #require(times.count == workers, "there are as many workers")
        return .seconds(1) * times.reduce(0, +) / Int(sysconf(Int32(_SC_CLK_TCK)))
    }

    deinit {
        lane.stop()
        _ = lane.waitUntilStopped(by: .now + .seconds(5))
        socket.close()
        unsafe rmdir(folder)
    }
}
