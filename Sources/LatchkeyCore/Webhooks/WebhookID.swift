public import WireFormats

/// What a delivery is called outside of the database, in the header `webhook-id` before all: `msg_` and its id.
public struct WebhookID: Sendable, CustomStringConvertible {
    private let delivery: UUID

    public init(_ delivery: UUID) {
        self.delivery = delivery
    }

    public var description: String { "msg_\(delivery)" }
}
