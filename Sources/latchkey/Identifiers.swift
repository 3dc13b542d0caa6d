public import ArgumentParser
public import LatchkeyCore
import WireFormats

// Ids as arguments: each kind is a type of its own, and a text that is no UUID is a wrong argument (exit 64).

extension ClientApp.ID: ExpressibleByArgument {
    public init?(argument: String) {
        guard let uuid = UUID(argument) else { return nil }
        self.init(uuid)
    }
}

extension User.ID: ExpressibleByArgument {
    public init?(argument: String) {
        guard let uuid = UUID(argument) else { return nil }
        self.init(uuid)
    }
}

/// An API key: the public half of a credential.
struct APIKey: ExpressibleByArgument {
    let uuid: UUID

    init?(argument: String) {
        guard let uuid = UUID(argument) else { return nil }
        self.uuid = uuid
    }
}

struct CollectorID: ExpressibleByArgument {
    let uuid: UUID

    init?(argument: String) {
        guard let uuid = UUID(argument) else { return nil }
        self.uuid = uuid
    }
}

/// A delivery of a webhook, by its id or as the header `webhook-id` has it.
struct DeliveryID: ExpressibleByArgument {
    let uuid: UUID

    init?(argument: String) {
        guard let id = WebhookID(argument) else { return nil }
        uuid = id.delivery
    }
}

extension DeliveryRecord.State: ExpressibleByArgument {}
