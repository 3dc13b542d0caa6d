public import JOSE
import Synchronization

/// The keys that the sender of webhooks works with. Replaced as a whole when the operator asks for it.
public final class WebhookKeys: Sendable {
    public struct Keys: Sendable {
        /// Client apps' webhook secrets are derived from them.
        public let webhooks: KeySet
        /// The first signs download links.
        public let downloads: KeySet

        public init(webhooks: KeySet, downloads: KeySet) {
            self.webhooks = webhooks
            self.downloads = downloads
        }
    }

    private let keys: Mutex<Keys>

    public init(_ keys: Keys) {
        self.keys = Mutex(keys)
    }

    public func replace(with keys: Keys) {
        self.keys.withLock { $0 = keys }
    }

    public var current: Keys { keys.withLock { $0 } }
}
