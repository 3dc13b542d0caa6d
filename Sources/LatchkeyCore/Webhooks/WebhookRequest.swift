internal import JOSE
internal import WireFormats

/// What is sent for one attempt: a POST.
public struct WebhookRequest: Sendable {
    public let url: WebhookURL
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]
    /// The number of the attempt, from 1 on. A receiver with several addresses gets its attempts at one after the
    /// other.
    public let attempt: Int64

    /// - Throws: why it cannot be sent.
    init(
        _ delivery: Delivery, keys: WebhookKeys.Keys, baseURLs: BaseURLs, now: UnixTime
    ) throws(WebhookFailure) {
        guard let text = delivery.url else { throw .noURL }
        guard let url = WebhookURL(text) else { throw .invalidURL }
        guard !delivery.secrets.isEmpty else { throw .noSecret }
        let id = "\(WebhookID(delivery.attempt.id))"
        let body: [UInt8]
        let signature: String?
        do throws(JOSEError) {
            let links = try DownloadLinks(keys: keys.downloads, baseURLs: baseURLs)
            body = try WebhookPayload.json(of: delivery, links: links, now: now)
            let secrets = try Self.secrets(of: delivery, keys.webhooks)
            signature = try WebhookSignature.header(id: id, timestamp: now, body: body, secrets: secrets)
        } catch {
            throw .signingFailed
        }
        guard let signature else { throw .unknownKey }
        self.url = url
        self.body = body
        headers = [
            ("webhook-id", id),
            ("webhook-timestamp", "\(now.secondsSinceEpoch)"),
            ("webhook-signature", signature),
            ("content-type", "application/json"),
            ("user-agent", "latchkey-webhooks"),
        ]
        attempt = delivery.attempt.number
    }

    /// Those whose keys we have.
    private static func secrets(of delivery: Delivery, _ keys: KeySet) throws(JOSEError) -> [WebhookSecret] {
        var secrets: [WebhookSecret] = []
        for reference in delivery.secrets {
            if let secret = try WebhookSecret(reference, of: delivery.clientApp, keys: keys) { secrets.append(secret) }
        }
        return secrets
    }
}
