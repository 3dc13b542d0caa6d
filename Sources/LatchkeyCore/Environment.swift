public import JOSE
public import WireFormats
internal import FoundationEssentials

/// What the domain takes from outside itself: the time and randomness. Tests put their own in.
public struct Environment: Sendable {
    /// Milliseconds since 1970 by the wall clock.
    public var milliseconds: @Sendable () -> Int64
    /// 128 random bits.
    public var random: @Sendable () throws(JOSEError) -> (UInt64, UInt64)

    public init(
        milliseconds: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () throws(JOSEError) -> (UInt64, UInt64)
    ) {
        self.milliseconds = milliseconds
        self.random = random
    }

    public var now: UnixTime { UnixTime(secondsSinceEpoch: milliseconds() / 1000) }

    public func newUUID() throws(JOSEError) -> WireFormats.UUID {
        .version7(milliseconds: milliseconds(), random: try random())
    }

    public static let live = Environment(
        milliseconds: { Int64(Date.now.timeIntervalSince1970 * 1000) },
        random: { () throws(JOSEError) in try SecureRandom.uint64Pair() })
}
