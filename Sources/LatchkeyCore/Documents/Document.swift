public import WireFormats

/// A file that a retrieval brought for a user.
public enum Document {
    public struct ID: Hashable, Sendable {
        public let uuid: UUID

        public init(_ uuid: UUID) {
            self.uuid = uuid
        }
    }
}
