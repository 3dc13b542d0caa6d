internal import Dispatch
internal import FastCGI
internal import Glibc
internal import Synchronization

/// Takes log lines from all threads and writes them to stderr from one of its own, so that a slow journal or a full
/// disk never holds up a request. What does not fit meanwhile is dropped and counted.
final class LogSink: Sendable {
    private struct State {
        var lines: [UInt8] = []
        var dropped = 0
    }

    private let output: @Sendable ([UInt8]) -> Void
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let writing = Atomic<Bool>(false)

    private static let maximumBytes = 1 << 20

    init(output: @escaping @Sendable ([UInt8]) -> Void = writeToStandardError) throws(FastCGIError) {
        self.output = output
        try ServiceThread.start("log") { [self] in
            while true {
                wakeUp.wait()
                // A few milliseconds make one write of many lines.
                usleep(2000)
                writeOut()
            }
        }
    }

    /// - Parameter line: whole, with its line feed.
    func write(_ line: some Collection<UInt8>) {
        let wasEmpty = state.withLock { state in
            guard state.lines.count + line.count <= Self.maximumBytes else {
                state.dropped += 1
                return false
            }
            let wasEmpty = state.lines.isEmpty
            state.lines.append(contentsOf: line)
            return wasEmpty
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Waits until all is written, for a second at most.
    func flush() {
        for _ in 0..<500 {
            let isEmpty = state.withLock { $0.lines.isEmpty } && !writing.load(ordering: .acquiring)
            if isEmpty { return }
            usleep(2000)
        }
    }

    private func writeOut() {
        writing.store(true, ordering: .releasing)
        defer { writing.store(false, ordering: .releasing) }
        let (lines, dropped) = state.withLock { state in
            defer { state = State() }
            return (state.lines, state.dropped)
        }
        output(lines)
        if dropped > 0 {
            output(
                LogLine(level: "warning", message: "log lines were dropped", members: [("lines", "\(dropped)")]).end())
        }
    }
}
