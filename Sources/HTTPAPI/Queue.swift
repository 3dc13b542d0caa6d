/// What a worker knows of the requests that wait for it, and how long one may have waited. Times are milliseconds.
///
/// A burst, such as that after a restart, is worked off: each may have waited for long. But where the queue has not
/// been empty for as long as that, more comes than can be done, and all would wait for as long as they may. Then a
/// quarter of it is the limit, so that those who cannot be answered hear so soon, and the others are answered soon.
struct Queue {
    private let longestWait: Int64
    /// When the worker took its last request, and the last one that came to an empty queue.
    private var taken = Int64.min
    private var empty = Int64.min

    init(longestWait: Int64) {
        self.longestWait = longestWait
    }

    /// A request is taken from the queue.
    ///
    /// - Returns: whether it has waited for too long.
    mutating func isTooLate(waited: Int64, now: Int64) -> Bool {
        // It has hardly waited, or it came when the one before it had been taken: nobody else was waiting.
        if waited <= longestWait / 100 || now - waited >= taken { empty = now }
        taken = now
        return waited > (now - empty > longestWait ? longestWait / 4 : longestWait)
    }
}
