internal import JOSE
internal import WireFormats

/// The body of a webhook.
enum WebhookPayload {
    /// - Parameter links: makes the URLs, which work from now on for as long as any.
    static func json(
        of delivery: Delivery, links: DownloadLinks, now: UnixTime
    ) throws(JOSEError) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + 512 * delivery.files.count)
        json.beginObject()
        json.member("status", delivery.status)
        json.beginObject("data")
        json.member("id", delivery.number)
        json.member("client_id", delivery.user?.uuid ?? UUID(high: 0, low: 0))
        json.member("metadata", rawJSON: Array(delivery.metadata.utf8))
        json.member("created_at", delivery.createdAt.rfc3339)
        json.endObject()
        json.beginArray("files")
        if let user = delivery.user {
            for file in delivery.files {
                let url = try links.url(
                    for: file.id, of: user, clientApp: delivery.clientApp, mode: delivery.mode,
                    expires: now + DownloadLinks.lifetime)
                json.beginObject()
                json.member("status", "success")
                json.member("file_name", file.name)
                json.member("download_url", url)
                json.member("total_size_bytes", file.bytes)
                json.endObject()
            }
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
