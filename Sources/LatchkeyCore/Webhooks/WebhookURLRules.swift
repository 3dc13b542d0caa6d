/// Which URLs a client app may give for its webhooks. The sender looks again at the addresses that a name has when it
/// connects: what is refused here is what can be told from the text, so that its author hears of it.
public struct WebhookURLRules: Sendable {
    public enum Fault: Error, CaseIterable {
        case malformed
        case notEncrypted
        /// This machine, or a network that nobody allowed.
        case notPublic
    }

    private let addresses: AddressRules
    private let allowsAny: Bool

    /// - Parameter allowed: networks besides the public Internet; plain requests may go to them, too.
    public init(allowed: [IPNetwork]) {
        addresses = AddressRules(allowed: allowed)
        allowsAny = !allowed.isEmpty
    }

    public func check(_ text: String) throws(Fault) -> WebhookURL {
        // Put together again it may be longer.
        guard let url = WebhookURL(text), url.text.utf8.count <= WebhookURL.maximumBytes else { throw .malformed }
        switch url.host {
        case .address(let address):
            try check(address, of: url)
        case .name(let name):
            if name.split(separator: ".").last == "localhost", let loopback = IPAddress(bytes: [127, 0, 0, 1]) {
                // RFC 6761, section 6.3.
                try check(loopback, of: url)
            } else if url.host.isNameOfNumber {
                // An address in an odd notation, if anything.
                throw .notPublic
            } else if !url.isEncrypted, !allowsAny {
                throw .notEncrypted
            }
        }
        return url
    }

    private func check(_ address: IPAddress, of url: WebhookURL) throws(Fault) {
        guard addresses.allow(address, encrypted: true) else { throw .notPublic }
        guard addresses.allow(address, encrypted: url.isEncrypted) else { throw .notEncrypted }
    }
}
