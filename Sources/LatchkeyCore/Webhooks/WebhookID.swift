public import WireFormats

/// What a delivery is called outside of the database, in the header `webhook-id` before all: `msg_` and its id.
public struct WebhookID: Sendable, CustomStringConvertible {
    public let delivery: UUID

    private static let prefix = "msg_"

    public init(_ delivery: UUID) {
        self.delivery = delivery
    }

    /// - Parameter text: with or without its beginning.
    public init?(_ text: String) {
        guard let delivery = UUID(text.hasPrefix(Self.prefix) ? String(text.dropFirst(Self.prefix.count)) : text) else {
            return nil
        }
        self.init(delivery)
    }

    public var description: String { "\(Self.prefix)\(delivery)" }
}
