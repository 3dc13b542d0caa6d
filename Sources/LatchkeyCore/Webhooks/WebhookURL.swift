internal import WireFormats

/// Where a client app wants its webhooks, taken apart strictly and put together again from the parts, so that nobody
/// else who parses it finds another host in it.
public struct WebhookURL: Sendable, Hashable {
    public enum Host: Sendable, Hashable {
        /// In lower case. It may still be an address in an odd notation, as `0x7f.1` is: the resolver tells.
        case name(String)
        case address(IPAddress)

        /// Whether it is a name that browsers, and most resolvers, take for an IPv4 address: its last label is a number
        /// (URL Standard, "ends in a number").
        var isNameOfNumber: Bool {
            guard case .name(let name) = self else { return false }
            let label = name.split(separator: ".").last ?? ""
            return label.hasPrefix("0x") ? label.dropFirst(2).allSatisfy(\.isHexDigit) : label.allSatisfy(\.isNumber)
        }
    }

    /// Whether it is https.
    public let isEncrypted: Bool
    public let host: Host
    public let port: Int
    /// Path and query, what the request line has.
    let target: String

    public static let maximumBytes = 2048

    /// - Returns: nil for what is not `https://` or `http://` with a host, perhaps a port, path and query (RFC 3986),
    ///   all of ASCII. User info and a fragment mean nothing to a receiver and are refused.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes, let colon = text.firstIndex(of: ":"),
            text[colon...].hasPrefix("://")
        else { return nil }
        switch text[..<colon].lowercased() {
        case "https": isEncrypted = true
        case "http": isEncrypted = false
        default: return nil
        }
        let rest = text[colon...].dropFirst(3)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.parseAuthority(rest[..<end]), Self.isTarget(rest[end...]) else { return nil }
        self.host = host
        self.port = port ?? (isEncrypted ? 443 : 80)
        target = (rest[end...].hasPrefix("/") ? "" : "/") + rest[end...]
    }

    /// The host as in the URL, IPv6 in its brackets.
    public var hostText: String {
        switch host {
        case .name(let name): name
        case .address(let address): address.isIPv4 ? "\(address)" : "[\(address)]"
        }
    }

    public var text: String {
        let portText = port == (isEncrypted ? 443 : 80) ? "" : ":\(port)"
        return "\(isEncrypted ? "https" : "http")://\(hostText)\(portText)\(target)"
    }

    private static func parseAuthority(_ text: Substring) -> (Host, port: Int?)? {
        let hostText: Substring
        var rest: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            hostText = text[..<close].dropFirst()
            rest = text[close...].dropFirst()
            guard hostText.contains(":") else { return nil }
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            hostText = text[..<colon]
            rest = text[colon...]
        }
        guard let host = parseHost(String(hostText)) else { return nil }
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.removeFirst() == ":", let port = UInt16(rest), port > 0, "\(port)" == rest else { return nil }
        return (host, Int(port))
    }

    private static func parseHost(_ text: String) -> Host? {
        if let address = IPAddress(text) { return .address(address) }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.utf8.count) }),
            text.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || ".-_".utf8.contains($0) })
        else { return nil }
        return .name(text.lowercased())
    }

    /// Whether it is empty or a path, a query or both.
    private static func isTarget(_ text: Substring) -> Bool {
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.prefix(2).allSatisfy(ASCII.isHexadecimalDigit) else { return false }
            } else if !ASCII.isAlphanumeric(byte), !"-._~!$&'()*+,;=:@/?".utf8.contains(byte) {
                return false
            }
        }
        return true
    }
}
