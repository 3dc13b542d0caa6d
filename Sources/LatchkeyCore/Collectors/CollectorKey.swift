public import JOSE

/// The secret that proves a collector: `lk_coll_` and what every ``SecretText`` has behind its prefix.
public struct CollectorKey: SecretText {
    public let text: String

    public static func generate() throws(JOSEError) -> CollectorKey {
        CollectorKey(random: try SecureRandom.bytes(32))
    }

    init(random: [UInt8]) {
        text = Self.text(prefix: "lk_coll_", random: random)
    }
}
