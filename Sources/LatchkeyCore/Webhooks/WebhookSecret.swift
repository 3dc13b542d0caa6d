public import JOSE
public import WireFormats

/// The secret by which a client app checks that a webhook is ours (Standard Webhooks, "Symmetric").
///
/// It is kept nowhere: whoever holds the webhook key derives it again from the ids that the database has, so neither
/// the database nor its backup tells it.
public struct WebhookSecret: Sendable {
    /// What the database knows of a secret.
    public struct Reference: Hashable, Sendable {
        public let id: UUID
        /// The webhook key that it is derived from.
        public let key: KeyID

        public init(id: UUID, key: KeyID) {
            self.id = id
            self.key = key
        }

        /// The reference of a new secret, which the current key is to make.
        public static func generate(keys: KeySet, environment: Environment) throws(JOSEError) -> Reference {
            Reference(id: try environment.newUUID(), key: keys.current.id)
        }
    }

    /// The key of the signatures: 32 bytes.
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Derives the secret.
    ///
    /// - Returns: nil when the key is not among `keys`.
    public init?(_ reference: Reference, of clientApp: ClientApp.ID, keys: KeySet) throws(JOSEError) {
        guard let key = keys[reference.key] else { return nil }
        let message = Array("latchkey webhook secret\0".utf8) + clientApp.uuid.bytes + reference.id.bytes
        self.init(bytes: try HMACSHA256(key: key).authenticationCode(for: message))
    }

    /// Such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`, as libraries for receivers take it.
    public var text: String { "whsec_" + String(decoding: Base64.encode(bytes), as: UTF8.self) }
}

extension WebhookSecret: CustomStringConvertible, CustomReflectable {
    /// An interpolation by mistake shows no secret.
    public var description: String { "whsec_..." }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
