internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/link/open`: opens the modal, once for a token.
///
/// Request: a bearer token, as verify takes it; `origin` of the page that embeds the modal, optional `metadata`;
/// optional header `Idempotency-Key`.
/// Answer: `session_key`, `expires_at`, `mode`.
enum LinkOpen {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let token = try request.bearerToken()
        let (origin, metadata) = try decode(try request.jsonBody())
        let idempotencyKey = try request.givenIdempotencyKey()
        let opened: OpenedLink
        do throws(Refusal) {
            opened = try service.openLink(LinkOpenRequest(
                mode: context.mode, token: token, origin: origin, metadata: metadata, idempotencyKey: idempotencyKey,
                waited: context.waited))
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter()
        json.beginObject()
        json.member("session_key", opened.key.text)
        json.member("expires_at", opened.expiresAt.rfc3339)
        json.member("mode", context.mode.rawValue)
        json.endObject()
        return Response(.created, body: json.bytes, clientApp: opened.clientApp)
    }

    private static func decode(_ body: [UInt8]) throws(APIError) -> (origin: String, metadata: String) {
        guard !body.isEmpty else { throw missingOrigin }
        let members = try JSONObject(body: body)
        let metadata = try members.objectText("metadata")
        guard let origin = try members.text("origin") else { throw missingOrigin }
        return (origin, metadata)
    }

    private static var missingOrigin: APIError {
        APIError(.invalidRequest("No origin provided"), reason: "missing_member")
    }
}
