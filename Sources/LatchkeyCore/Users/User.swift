public import WireFormats

/// An end user of one client app in one mode: the `taiki_user_id`.
public enum User {
    public struct ID: Hashable, Sendable {
        public let uuid: UUID

        public init(_ uuid: UUID) {
            self.uuid = uuid
        }
    }
}
