/// The name of a key, the `kid` of tokens and JWKs (RFC 7515 section 4.1.4, RFC 7517 section 4.5).
///
/// It is looked up among the keys in memory and never used for anything else. Here it is 1 to 64 characters of
/// `[A-Za-z0-9._-]`, though the RFCs would allow any text.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        description = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}
