import JOSE
import LatchkeyCore
import Synchronization
import WireFormats

/// What the tests of the domain share: ids, and a clock that stands still, so that nothing here ever expires.
enum Fixture {
    /// 2025-03-12T21:30:00Z.
    static let now = UnixTime(secondsSinceEpoch: 1_741_815_000)

    static let app = ClientApp.ID(UUID(high: 0xa1, low: 1))
    static let otherApp = ClientApp.ID(UUID(high: 0xa2, low: 2))
    static let user = User.ID(UUID(high: 0xb1, low: 1))
    static let tokenID = AccessToken.ID(high: 0xc1, low: 1)

    /// Random words 1, 2, 3 ... : every id made with them is another one, and the same on every run.
    static func environment() -> Environment {
        let words = Counter()
        return Environment(
            milliseconds: { now.secondsSinceEpoch * 1000 + 987 },
            random: { () throws(JOSEError) in (words.next(), words.next()) })
    }

    static func accessToken(mode: Mode = .production) -> AccessToken {
        AccessToken(id: tokenID, clientApp: app, user: user, mode: mode, issuedAt: now)
    }
}

final class Counter: Sendable {
    private let value = Atomic<UInt64>(0)

    func next() -> UInt64 { value.add(1, ordering: .relaxed).newValue }
}

/// What a call refused with; nil when it did not.
func refusal<Value>(_ call: () throws(Refusal) -> Value) -> Refusal? {
    do throws(Refusal) {
        _ = try call()
        return nil
    } catch {
        return error
    }
}
