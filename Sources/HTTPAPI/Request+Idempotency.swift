internal import WireFormats

extension Request {
    /// The `Idempotency-Key`: 1 to 255 visible ASCII characters, in one header; nil where there is none.
    func givenIdempotencyKey() throws(APIError) -> String? {
        guard idempotencyKey.count > 0 else { return nil }
        guard idempotencyKey.count == 1, (1...255).contains(idempotencyKey.value.count),
            ASCII.areVisible(idempotencyKey.value.span)
        else {
            throw APIError(
                .invalidRequest("Idempotency-Key must be 1 to 255 visible ASCII characters"),
                reason: "invalid_idempotency_key")
        }
        return idempotencyKey.text
    }
}
