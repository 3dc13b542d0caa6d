public import WireFormats

/// An organisation's application: the `client_app_id` of its tokens, the `client` of verify.
public enum ClientApp {
    public struct ID: Hashable, Sendable {
        public let uuid: UUID

        public init(_ uuid: UUID) {
            self.uuid = uuid
        }
    }
}
