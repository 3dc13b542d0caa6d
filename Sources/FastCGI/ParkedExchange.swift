/// A request that waits without a worker. It is gone when its peer is.
public struct ParkedExchange: Sendable {
    let exchanges: ParkedExchanges
    let tag: UInt32

    /// Whether it still waits: it has neither been resumed nor has it ended.
    public var isWaiting: Bool { exchanges.isWaiting(tag) }

    /// Has a worker of the lane answer it. Nothing happens where it does not wait any more; from any thread.
    public func resume() {
        exchanges.resume(tag)
    }
}
