internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/token`: trades an API key and secret for a token of one user.
///
/// Request: `api_key`, `api_secret`, optional `taiki_user_id`; optional header `Idempotency-Key`.
/// Answer: `access_token`, `taiki_user_id`.
enum TaikiToken {
    static func respond(
        to request: Request, body: [UInt8], context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let tokenRequest = try decode(request, body, context)
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
        let members: JSONObject
        do throws(JSONError) {
            members = try JSONObject(parsing: body)
        } catch {
            throw APIError(.invalidRequest(error.description), reason: "invalid_json")
        }
        // Types first: a member of the wrong type is not an absent one.
        let apiKey = try text("api_key", in: members)
        let apiSecret = try text("api_secret", in: members)
        let userID = try text("taiki_user_id", in: members)
        guard let apiKey, let apiSecret else { throw missingCredentials }
        return TokenRequest(
            mode: context.mode, apiKey: apiKey, apiSecret: apiSecret, userID: userID,
            idempotencyKey: try idempotencyKey(of: request), requestID: context.id, waited: context.waited)
    }

    private static var missingCredentials: APIError {
        APIError(.invalidRequest("No API key or API secret provided"), reason: "missing_credentials")
    }

    /// - Returns: nil where the member is absent, null or "": all mean that there is none.
    private static func text(_ name: String, in members: JSONObject) throws(APIError) -> String? {
        guard let value = members[name], !value.isNull else { return nil }
        guard let text = value.string else {
            throw APIError(.invalidRequest("\(name) must be a string"), reason: "wrong_member_type")
        }
        return text.isEmpty ? nil : text
    }

    /// 1 to 255 visible ASCII characters, in one header.
    private static func idempotencyKey(of request: Request) throws(APIError) -> String? {
        let field = request.idempotencyKey
        guard field.count > 0 else { return nil }
        guard field.count == 1, (1...255).contains(field.value.count),
            ASCII.areVisible(field.value.span)
        else {
            throw APIError(
                .invalidRequest("Idempotency-Key must be 1 to 255 visible ASCII characters"),
                reason: "invalid_idempotency_key")
        }
        return field.text
    }
}
