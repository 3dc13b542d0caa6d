public import WireFormats

/// One try of a user, in the modal, to have the documents of one tax year retrieved from one platform.
public enum LinkAttempt {
    public struct ID: Hashable, Sendable {
        public let uuid: UUID

        public init(_ uuid: UUID) {
            self.uuid = uuid
        }
    }

    /// How far it is. The names are those of the database.
    public enum Status: String, Sendable, CaseIterable {
        /// No collector has begun to retrieve yet.
        case waiting
        case working
        case success, failure
    }
}

/// What an answer waits for: that an attempt is no longer as it was seen.
public struct LinkWait: Sendable, Equatable {
    public let attempt: LinkAttempt.ID
    public let seen: LinkAttempt.Status

    public init(attempt: LinkAttempt.ID, seen: LinkAttempt.Status) {
        self.attempt = attempt
        self.seen = seen
    }
}
