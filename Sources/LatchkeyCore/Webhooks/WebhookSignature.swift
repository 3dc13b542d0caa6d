internal import JOSE
internal import WireFormats

/// The signatures of a webhook by the Standard Webhooks specification, version 1: `v1,` and the base64 of the HMAC with
/// SHA-256 of id, timestamp and body.
enum WebhookSignature {
    /// The value of the header `webhook-signature`: one signature for each secret, so that a receiver with any of them
    /// finds its own; nil without a secret.
    static func header(
        id: String, timestamp: UnixTime, body: [UInt8], secrets: [WebhookSecret]
    ) throws(JOSEError) -> String? {
        let message = Array("\(id).\(timestamp.secondsSinceEpoch).".utf8) + body
        var signatures: [String] = []
        for secret in secrets {
            let code = try HMACSHA256(key: secret.bytes).authenticationCode(for: message)
            signatures.append("v1," + String(decoding: Base64.encode(code), as: UTF8.self))
        }
        return signatures.isEmpty ? nil : signatures.joined(separator: " ")
    }
}
