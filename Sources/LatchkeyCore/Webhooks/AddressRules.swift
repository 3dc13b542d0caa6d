/// Which addresses a webhook may go to. A client app chooses its URL, and must reach nothing by it that is not on the
/// public Internet: no service of this machine, none of the operator's network.
public struct AddressRules: Sendable {
    /// What the operator allows besides.
    private let allowed: [IPNetwork]

    public init(allowed: [IPNetwork]) {
        self.allowed = allowed
    }

    /// - Parameter encrypted: whether the request goes over TLS. A plain one only goes to networks that the operator
    ///   named.
    public func allow(_ address: IPAddress, encrypted: Bool) -> Bool {
        if allowed.contains(where: { $0.contains(address) }) { return true }
        return encrypted && Self.isPublic(address)
    }

    /// Whether an address is on the public Internet, by IANA's registries of special-purpose addresses for IPv4 and
    /// IPv6 (RFC 6890 and its successors; as of 2025-10-09). No block of theirs is: where they call one globally
    /// reachable, as AS112's, there is no receiver of webhooks in it.
    static func isPublic(_ address: IPAddress) -> Bool {
        if address.isIPv4 { return !special.contains { $0.contains(address) } }
        // What a translator makes of it decides.
        if translated.contains(where: { $0.contains(address) }) {
            return IPAddress(bytes: Array(address.bytes.suffix(4))).map(isPublic) ?? false
        }
        return globalUnicast.contains { $0.contains(address) } && !special.contains { $0.contains(address) }
    }

    /// NAT64 (RFC 6052): the last four bytes are the IPv4 address.
    private static let translated = networks("64:ff9b::/96")

    /// All that has been given out for use (RFC 4291 section 2.4, IANA's IPv6 address space). Outside it are loopback,
    /// the unspecified address, IPv4-compatible ones, local NAT64 (64:ff9b:1::/48), discard-only, SRv6 SIDs, unique
    /// local, link-local, site-local and multicast.
    private static let globalUnicast = networks("2000::/3")

    private static let special = networks(
        "0.0.0.0/8",  // "This network", the unspecified address in it
        "10.0.0.0/8",  // private
        "100.64.0.0/10",  // shared by carriers' NAT
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link-local, clouds' metadata services in it
        "172.16.0.0/12",  // private
        "192.0.0.0/24",  // IETF protocol assignments
        "192.0.2.0/24",  // documentation
        "192.31.196.0/24",  // AS112
        "192.52.193.0/24",  // AMT
        "192.88.99.0/24",  // 6to4 relays, deprecated
        "192.168.0.0/16",  // private
        "192.175.48.0/24",  // AS112
        "198.18.0.0/15",  // benchmarking
        "198.51.100.0/24",  // documentation
        "203.0.113.0/24",  // documentation
        "224.0.0.0/4",  // multicast
        "240.0.0.0/4",  // reserved, the broadcast address in it
        "2001::/23",  // IETF protocol assignments: Teredo, benchmarking, ORCHID, drones' tags ...
        "2001:db8::/32",  // documentation
        "2002::/16",  // 6to4
        "2620:4f:8000::/48",  // AS112
        "3ffe::/16",  // the former 6bone, given back
        "3fff::/20"  // documentation
    )

    private static func networks(_ texts: String...) -> [IPNetwork] {
        texts.compactMap(IPNetwork.init)
    }
}
