public import JOSE
import Synchronization

/// The keys in use, for all workers. Replaced as a whole when the operator asks for it.
public final class KeyRing: Sendable {
    public struct Keys: Sendable {
        /// Signs and verifies tokens: the first signs, all verify.
        public let tokens: KeySet
        /// API secrets are stored as their HMAC: the first makes new ones, all are compared.
        public let secretHashes: KeySet
        /// Signs and checks download links: the first signs, all are good for a check.
        public let downloads: KeySet

        public init(tokens: KeySet, secretHashes: KeySet, downloads: KeySet) {
            self.tokens = tokens
            self.secretHashes = secretHashes
            self.downloads = downloads
        }

        /// These keys, and after them the other ones: they verify and do not sign. So that of several processes which
        /// change from these to the others, none signs with a key that another does not know yet.
        public func accepting(_ others: Keys) -> Keys {
            Keys(
                tokens: Self.joined(tokens, others.tokens),
                secretHashes: Self.joined(secretHashes, others.secretHashes),
                downloads: Self.joined(downloads, others.downloads))
        }

        private static func joined(_ first: KeySet, _ second: KeySet) -> KeySet {
            let others = second.keys.filter { first[$0.id] == nil }
            return (try? KeySet(keys: first.keys + others)) ?? first
        }
    }

    private let keys: Mutex<Keys>
    private let edition = Atomic<Int>(1)

    public init(_ keys: Keys) {
        self.keys = Mutex(keys)
    }

    public func replace(with keys: Keys) {
        self.keys.withLock { $0 = keys }
        edition.add(1, ordering: .releasing)
    }

    /// The keys, and a number that changes with them: a worker keeps what it made of an edition until it sees another.
    public var current: (edition: Int, keys: Keys) {
        let number = edition.load(ordering: .acquiring)
        return (number, keys.withLock { $0 })
    }

    public var currentEdition: Int { edition.load(ordering: .acquiring) }
}
