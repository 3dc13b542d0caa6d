internal import Dispatch
import Synchronization

/// What the thread that owns the database is told by others.
final class DeliveryMailbox: Sendable {
    struct Finished: Sendable {
        let attempt: Delivery.Attempt
        let answer: WebhookAnswer
    }

    private struct State {
        var finished: [Finished] = []
        var isStopping = false
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)

    func put(_ finished: Finished) {
        state.withLock { $0.finished.append(finished) }
        wakeUp.signal()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.signal()
    }

    /// What has come, after a wait for something where there is nothing.
    func take(waiting: Duration) -> (finished: [Finished], isStopping: Bool) {
        let microseconds = min(max(Int(waiting / .microseconds(1)), 0), 60_000_000)
        _ = wakeUp.wait(timeout: .now() + .microseconds(microseconds))
        // One signal each: those that are behind were for what is taken now.
        while wakeUp.wait(timeout: .now()) == .success {}
        return state.withLock { state in
            let finished = state.finished
            state.finished = []
            return (finished, state.isStopping)
        }
    }
}
