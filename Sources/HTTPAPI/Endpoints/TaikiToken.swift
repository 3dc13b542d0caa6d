internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/token`: trades an API key and secret for a token of one user.
///
/// Request: `api_key`, `api_secret`, optional `taiki_user_id`; optional header `Idempotency-Key`.
/// Answer: `access_token`, `taiki_user_id`.
enum TaikiToken {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let tokenRequest = try decode(request, try request.jsonBody(), context)
        let issued: IssuedToken
        do throws(Refusal) {
            issued = try service.issueToken(tokenRequest)
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter(capacity: 768)
        json.beginObject()
        json.member("access_token", String(decoding: issued.token, as: UTF8.self))
        json.member("taiki_user_id", issued.user.uuid)
        json.endObject()
        return Response(.ok, body: json.bytes, clientApp: issued.clientApp)
    }

    private static func decode(
        _ request: Request, _ body: [UInt8], _ context: RequestContext
    ) throws(APIError) -> TokenRequest {
        guard !body.isEmpty else { throw missingCredentials }
        let members = try JSONObject(body: body)
        // Types first: a member of the wrong type is not an absent one.
        let apiKey = try members.text("api_key")
        let apiSecret = try members.text("api_secret")
        let userID = try members.text("taiki_user_id")
        guard let apiKey, let apiSecret else { throw missingCredentials }
        return TokenRequest(
            mode: context.mode, apiKey: apiKey, apiSecret: apiSecret, userID: userID,
            idempotencyKey: try request.givenIdempotencyKey(), requestID: context.id, waited: context.waited)
    }

    private static var missingCredentials: APIError {
        APIError(.invalidRequest("No API key or API secret provided"), reason: "missing_credentials")
    }
}
