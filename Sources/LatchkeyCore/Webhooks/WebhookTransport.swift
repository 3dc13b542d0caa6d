/// What became of an attempt.
public enum WebhookAnswer: Sendable, Equatable {
    case status(Int)
    case failure(WebhookFailure)
}

/// Carries requests to receivers.
public protocol WebhookTransport: Sendable {
    /// Sends a request, and soon calls `done`, once, from any thread.
    func send(_ request: WebhookRequest, done: @escaping @Sendable (WebhookAnswer) -> Void)
}
