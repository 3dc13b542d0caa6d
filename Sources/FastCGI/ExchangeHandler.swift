/// What answers the requests of one worker. Made and used on that worker's thread only.
public protocol ExchangeHandler: AnyObject {
    /// Reads the request and writes the whole answer, or nothing where the request is to wait.
    func handle(_ exchange: Exchange) -> ExchangeOutcome

    /// Writes the whole answer to a request that was to wait, and waits no more. Another worker's handler may have
    /// handled it; its body has been read.
    ///
    /// - Parameter start: what ``ExchangeOutcome/parked(since:_:)`` said.
    func resume(_ exchange: Exchange, since start: ContinuousClock.Instant)
}

extension ExchangeHandler {
    /// For those that never park anything.
    public func resume(_ exchange: Exchange, since start: ContinuousClock.Instant) {}
}

/// What has become of a request.
public enum ExchangeOutcome {
    case answered
    /// It waits without a worker until it is resumed. Where that is not possible, it is resumed at once.
    ///
    /// - Parameters:
    ///   - since: when its handling began.
    ///   - onParked: called where it was possible, in the worker's thread. It may have ended since.
    case parked(since: ContinuousClock.Instant, _ onParked: (ParkedExchange) -> Void)
}
