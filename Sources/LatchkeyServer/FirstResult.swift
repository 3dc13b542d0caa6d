internal import Dispatch
package import LatchkeyCore
internal import Synchronization

/// Carries what a thread begins with, or why it cannot, to the one that started it and waits for that.
package final class FirstResult<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, StartError>?>(nil)
    private let delivered = DispatchSemaphore(value: 0)

    package init() {}

    package func deliver(_ result: Result<Value, StartError>) {
        self.result.withLock { $0 = result }
        delivered.signal()
    }

    package func wait() throws(StartError) -> Value {
        delivered.wait()
        guard let result = result.withLock({ $0 }) else { throw StartError("the database was not asked") }
        return try result.get()
    }
}
