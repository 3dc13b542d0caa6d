import Dispatch
import Foundation
import Synchronization

/// Runs `body` on so many threads at once and waits for all of them. Threads of its own: a pool's may all be busy with
/// other tests, and would take one turn after the other.
func onThreads(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) -> Void) {
    let group = DispatchGroup()
    let gate = Gate(for: count)
    for thread in 0..<count {
        group.enter()
        Thread.detachNewThread {
            gate.pass()
            body(thread)
            group.leave()
        }
    }
    group.wait()
}

/// Opens once all have come.
final class Gate: Sendable {
    private let missing: Atomic<Int>

    init(for count: Int) {
        missing = Atomic(count)
    }

    func pass() {
        missing.subtract(1, ordering: .acquiringAndReleasing)
        while missing.load(ordering: .acquiring) > 0 { sched_yield() }
    }
}
