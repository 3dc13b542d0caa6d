/// Why an attempt brought no answer: a word for the database, the log and the administrator, with nothing in it that
/// somebody else wrote.
public enum WebhookFailure: String, Error, Sendable {
    // Nothing was sent.
    case noURL = "no_url"
    case invalidURL = "invalid_url"
    case noSecret = "no_secret"
    /// The key that the secret is derived from is not in the key file.
    case unknownKey = "unknown_key"
    case signingFailed = "signing_failed"
    /// The database's row is not understood.
    case unreadable
    case nameNotFound = "name_not_found"
    /// The URL leads to an address that webhooks may not go to.
    case forbiddenAddress = "forbidden_address"
    case connectFailed = "connect_failed"
    case tlsFailed = "tls_failed"

    // Perhaps something was.
    case timeout
    case connectionClosed = "connection_closed"
    /// What came is not HTTP.
    case invalidAnswer = "invalid_answer"
    case failed
}
