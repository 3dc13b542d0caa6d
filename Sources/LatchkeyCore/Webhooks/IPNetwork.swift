/// The addresses that begin with the same bits, such as `192.168.0.0/16`.
public struct IPNetwork: Hashable, Sendable {
    private let base: IPAddress
    private let length: Int

    /// A network in CIDR notation (RFC 4632 section 3.1); an address alone is the network of that address.
    ///
    /// - Returns: nil for any other text, and where bits behind the prefix are set: then it is not clear what is meant.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let base = IPAddress(parts[0]) else { return nil }
        let bits = base.bytes.count * 8
        let length = parts.count == 1 ? bits : Int(parts[1])
        guard let length, (0...bits).contains(length), parts.count == 1 || "\(length)" == parts[1] else { return nil }
        self.base = base
        self.length = length
        let rest = Self.masked(base.bytes, length)
        guard rest == base.bytes else { return nil }
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == base.bytes.count && Self.masked(address.bytes, length) == base.bytes
    }

    /// The first bits of an address, and zeros.
    private static func masked(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(length - index * 8, 0), 8)
            return byte & ~(UInt8.max >> UInt8(kept))
        }
    }
}
