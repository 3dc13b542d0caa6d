extension Request {
    /// How many milliseconds the request has waited since nginx had the whole of it. Zero where nginx did not say, or
    /// where the two times do not fit together, since the clock was set in between.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970 by the clock of this machine, which is nginx's too.
    ///   - longest: nginx gives up long before, so a longer wait is a clock that was set.
    func waited(until now: Int64, longest: Int64) -> Int64 {
        guard let receivedAt, receivedAt <= now, receivedAt >= now - longest else { return 0 }
        return now - receivedAt
    }
}
