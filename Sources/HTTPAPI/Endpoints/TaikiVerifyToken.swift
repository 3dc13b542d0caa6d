internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/verify-token`: tells whether a bearer token (RFC 6750, section 2.1) opens the app. The body is ignored.
///
/// Answer: `valid`, `taiki_user`, `client`.
enum TaikiVerifyToken {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        _ = try request.jsonBody()
        let token = try request.bearerToken()
        let access: AccessToken
        do throws(Refusal) {
            access = try service.verifyToken(token, context.mode)
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        json.member("valid", true)
        json.member("taiki_user", access.user.uuid)
        json.member("client", access.clientApp.uuid)
        json.endObject()
        return Response(.ok, body: json.bytes, clientApp: access.clientApp)
    }
}
