/// What a ``Verifier`` demands of a token beyond a right signature.
public struct TokenPolicy: Hashable, Sendable {
    public enum MissingKeyID: Hashable, Sendable {
        /// A token without `kid` is refused.
        case refused
        /// Each HS256 key is tried, in the order of the set.
        case eachHS256Key
    }

    /// How long after `exp` a token is still accepted.
    public var leeway: Duration
    /// How far `iat` and `nbf` may lie in the future, for clocks that disagree.
    public var futureLeeway: Duration
    /// The longest time from `iat` to `exp`.
    public var maximumLifetime: Duration
    /// What becomes of a token that names no key.
    public var keyForMissingKid: MissingKeyID

    /// Durations count in whole seconds; a part of one is dropped.
    public init(
        leeway: Duration = .zero,
        futureLeeway: Duration = .seconds(60),
        maximumLifetime: Duration = .seconds(3600),
        keyForMissingKid: MissingKeyID = .refused
    ) {
        self.leeway = leeway
        self.futureLeeway = futureLeeway
        self.maximumLifetime = maximumLifetime
        self.keyForMissingKid = keyForMissingKid
    }
}
