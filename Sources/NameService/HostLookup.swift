internal import Glibc

/// The system's way from a host's name to its addresses: files, DNS and whatever else nsswitch.conf(5) names.
public enum HostLookup {
    /// All addresses of a name, IPv4 (4 bytes) and IPv6 (16 bytes), in the order in which they are best tried
    /// (RFC 6724). An address in any notation that the system knows is its own name.
    ///
    /// The corresponding C function is getaddrinfo, which blocks for as long as the resolver is configured to wait.
    ///
    /// - Returns: none when there is no such name or nobody can be asked.
    public static func addresses(of name: String) -> [[UInt8]] {
        // Of any family, the one that is 0.
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [[UInt8]] = []
        var entry = unsafe list
        while let current = unsafe entry {
            if let address = unsafe bytes(of: current.pointee) { addresses.append(address) }
            unsafe entry = current.pointee.ai_next
        }
        return addresses
    }

    private static func bytes(of entry: addrinfo) -> [UInt8]? {
        guard let address = unsafe UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch unsafe (entry.ai_family, Int(entry.ai_addrlen)) {
        case (AF_INET, MemoryLayout<sockaddr_in>.size...):
            var address = unsafe address.load(as: sockaddr_in.self).sin_addr
            return unsafe withUnsafeBytes(of: &address) { unsafe Array($0) }
        case (AF_INET6, MemoryLayout<sockaddr_in6>.size...):
            var address = unsafe address.load(as: sockaddr_in6.self).sin6_addr
            return unsafe withUnsafeBytes(of: &address) { unsafe Array($0) }
        default:
            return nil
        }
    }
}
