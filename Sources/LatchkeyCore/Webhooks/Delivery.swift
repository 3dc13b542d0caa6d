public import WireFormats

/// One attempt to deliver a webhook, as the database handed it out.
public struct Delivery: Sendable {
    public enum Kind: String, Sendable {
        /// A retrieval was finished.
        case retrieval
        /// The administrator wants to see whether the receiver works.
        case test
    }

    /// A document of the retrieval that still is there.
    struct File: Sendable {
        let id: Document.ID
        let name: String
        let bytes: Int64
    }

    /// What is always there: enough to settle it.
    public struct Attempt: Hashable, Sendable {
        public let id: UUID
        /// Its number, from 1 on, which no other attempt at the delivery has.
        public let number: Int64
    }

    public let attempt: Attempt
    public let kind: Kind
    public let clientApp: ClientApp.ID
    /// nil for a test.
    let user: User.ID?
    let mode: Mode
    let url: String?
    /// Of the retrieval; 0 for a test.
    let number: Int64
    let status: String
    /// JSON, as the collector wrote it.
    let metadata: String
    /// When the retrieval was begun, or the test was made.
    let createdAt: UnixTime
    let files: [File]
    /// The newest first.
    let secrets: [WebhookSecret.Reference]

    /// For the log; nil where the URL is none.
    public var host: String? { url.flatMap(WebhookURL.init)?.hostText }
}

/// What the database handed out: a delivery, or a row that is not understood and has to be settled all the same.
struct Claim {
    let attempt: Delivery.Attempt
    /// Which attempt it is since the delivery was queued, or replayed: 1 for the first.
    let counted: Int
    /// When the delivery was queued, or replayed.
    let queuedAt: UnixTime
    /// Attempts at the app's receiver that have failed since one succeeded.
    let failures: Int
    let delivery: Delivery?
}
