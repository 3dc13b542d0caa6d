internal import JOSE

/// What the modal shows for each of its requests once a token has opened it: `lk_link_` and what every ``SecretText``
/// has behind its prefix.
public struct LinkSessionKey: SecretText {
    public let text: String

    static func generate() throws(JOSEError) -> LinkSessionKey {
        LinkSessionKey(random: try SecureRandom.bytes(32))
    }

    public init(random: [UInt8]) {
        text = Self.text(prefix: "lk_link_", random: random)
    }
}
