internal import WireFormats

/// The origin of a web page as browsers write it (RFC 6454 section 6.2): `https://app.example`, in lower case, without
/// a default port. Only so does it equal what a browser sends, and what it compares with `frame-ancestors`.
public struct WebOrigin: Sendable, Hashable {
    public let text: String

    public enum Fault: Error {
        /// Not a scheme, a host and perhaps a port, and nothing else.
        case noOrigin
        /// http, and not on the machine of the browser itself.
        case notEncrypted
    }

    /// - Parameter text: in any case, perhaps with a default port, and with the one slash that browsers show behind it.
    public init(_ text: String) throws(Fault) {
        guard let url = WebhookURL(text), url.target == "/", let host = Self.host(url.host),
            // IPv6's way to write an IPv4 address is another host to browsers, and was read as the same.
            host.contains("[") == text.contains("[")
        else { throw .noOrigin }
        guard url.isEncrypted || Self.local.contains(host) else { throw .notEncrypted }
        let port = url.port == (url.isEncrypted ? 443 : 80) ? "" : ":\(url.port)"
        self.text = "\(url.isEncrypted ? "https" : "http")://\(host)\(port)"
        guard self.text.utf8.count <= Self.maximumBytes else { throw .noOrigin }
    }

    /// What the schema allows.
    private static let maximumBytes = 260

    private static let local: Set = ["localhost", "127.0.0.1", "[::1]"]

    private static func host(_ host: WebhookURL.Host) -> String? {
        switch host {
        case .address(let address):
            return address.isIPv4 ? address.description : "[\(compressed(address))]"
        case .name(let name):
            return host.isNameOfNumber || name.contains("_") ? nil : name
        }
    }

    /// IPv6 by RFC 5952: `::` stands for the longest run of zeros, the first of several, where it is two at least.
    private static func compressed(_ address: IPAddress) -> String {
        let groups = address.description.split(separator: ":")
        var longest = 0..<0
        for start in groups.indices {
            let end = groups[start...].firstIndex { $0 != "0" } ?? groups.endIndex
            if end - start > max(longest.count, 1) { longest = start..<end }
        }
        guard !longest.isEmpty else { return groups.joined(separator: ":") }
        return groups[..<longest.lowerBound].joined(separator: ":") + "::"
            + groups[longest.upperBound...].joined(separator: ":")
    }
}
