public import JOSE

/// The secret that proves a credential: `lk_live_` or `lk_test_` and what every ``SecretText`` has behind its prefix.
public struct APISecret: SecretText {
    public let text: String

    /// - Parameter sandboxOnly: whether its credential works in the sandbox alone, which its prefix shows.
    public static func generate(sandboxOnly: Bool) throws(JOSEError) -> APISecret {
        APISecret(random: try SecureRandom.bytes(32), sandboxOnly: sandboxOnly)
    }

    init(random: [UInt8], sandboxOnly: Bool) {
        text = Self.text(prefix: sandboxOnly ? "lk_test_" : "lk_live_", random: random)
    }
}
