internal import Dispatch
package import FastCGI
internal import Glibc
internal import Synchronization

/// Takes log lines from all threads and writes them to stderr from one of its own, so that a slow journal or a full
/// disk never holds up a request. What does not fit meanwhile is dropped and counted.
package final class LogSink: Sendable {
    private struct State {
        var lines: [UInt8] = []
        /// Memory for the next lines while these are being written.
        var spare: [UInt8] = []
        var dropped = 0
    }

    private let output: @Sendable ([UInt8]) -> Void
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let writing = Atomic<Bool>(false)

    private static let maximumBytes = 1 << 20
    /// In microseconds.
    private static let pause: UInt32 = 5000

    package init(output: @escaping @Sendable ([UInt8]) -> Void = writeToStandardError) throws(FastCGIError) {
        self.output = output
        try ServiceThread.start("log") { [self] in
            while true {
                wakeUp.wait()
                // A few milliseconds make one write of many lines.
                usleep(Self.pause)
                writeOut()
            }
        }
    }

    /// - Parameter line: whole, without its line feed.
    package func write(_ line: [UInt8]) {
        let wasEmpty = state.withLock { state in
            guard state.lines.count + line.count < Self.maximumBytes else {
                state.dropped += 1
                return false
            }
            let wasEmpty = state.lines.isEmpty
            state.lines.append(contentsOf: line)
            state.lines.append(UInt8(ascii: "\n"))
            return wasEmpty
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Waits until all is written, for a second at most.
    package func flush() {
        for _ in 0..<500 {
            let isEmpty = state.withLock { $0.lines.isEmpty } && !writing.load(ordering: .acquiring)
            if isEmpty { return }
            usleep(2000)
        }
    }

    private func writeOut() {
        writing.store(true, ordering: .releasing)
        defer { writing.store(false, ordering: .releasing) }
        var (lines, dropped) = state.withLock { state in
            let taken = (state.lines, state.dropped)
            state.lines = state.spare
            state.spare = []
            state.dropped = 0
            return taken
        }
        output(lines)
        lines.removeAll(keepingCapacity: true)
        if dropped > 0 {
            lines += LogLine.bytes(
                level: "warning", message: "log lines were dropped", members: [("lines", "\(dropped)")])
            output(lines + [UInt8(ascii: "\n")])
            lines.removeAll(keepingCapacity: true)
        }
        state.withLock { $0.spare = lines }
    }
}
