@testable import JOSE
import Testing

/// Comparing a secret takes the same time wherever the first difference is: Welch's t-test, as in "dude, is my code
/// constant time?" (Reparaz, Balasch, Verbauwhede, 2017), which calls |t| > 4.5 a leak.
@Suite(.serialized) struct ConstantTimeTests {
    /// Samples of each of the two classes.
    private static let samples = 100_000
    private static let threshold = 4.5

    /// |t| for a difference in the first byte against one in the last.
    ///
    /// Both classes write the same two bytes of the same array before each sample, and their order is random: so
    /// caches, addresses and whatever else this machine does meet both alike. The slowest tenth of all samples is
    /// dropped, by one limit for both: interruptions, which say nothing.
    private func t(count: Int, _ compare: ([UInt8], [UInt8]) -> Bool) -> Double {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        var guess = secret
        var times: [(isLast: Bool, nanoseconds: Double)] = []
        times.reserveCapacity(2 * Self.samples)
        let clock = ContinuousClock()
        var mistakes = 0
        for _ in 0..<(2 * Self.samples) {
            // No branch: it would be predicted well or badly, and the clock would see that.
            let last = UInt8(truncatingIfNeeded: generator.next()) & 1
            guess[0] = secret[0] ^ last ^ 1
            guess[count - 1] = secret[count - 1] ^ last
            let duration = clock.measure { if compare(secret, guess) { mistakes += 1 } }
            times.append((last == 1, Double(duration.components.attoseconds) / 1e9))
        }
        #expect(mistakes == 0)
        let limit = times.map(\.nanoseconds).sorted()[times.count * 9 / 10]
        let kept = times.filter { $0.nanoseconds <= limit }
        return abs(welch(kept.filter(\.isLast).map(\.nanoseconds), kept.filter { !$0.isLast }.map(\.nanoseconds)))
    }

    private func welch(_ left: [Double], _ right: [Double]) -> Double {
        func moments(_ values: [Double]) -> (mean: Double, error: Double) {
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
            return (mean, variance / Double(values.count))
        }
        let (left, right) = (moments(left), moments(right))
        return (left.mean - right.mean) / (left.error + right.error).squareRoot()
    }

    /// Long enough that an early end shows beside the cost of a call: a kilobyte. The function has no other length.
    @Test func `comparing takes the same time wherever the difference is`() {
        // A leak is there each time, a disturbance is not.
        let found = (0..<3).lazy.map { _ in self.t(count: 1024, constantTimeEquals) }
        #expect(found.contains { $0 < Self.threshold })
    }

    /// The test can fail: `==` ends at the first difference.
    @Test func `an early end is found`() {
        #expect(t(count: 1024, ==) > 10 * Self.threshold)
    }
}
