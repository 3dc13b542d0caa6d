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
        let token = try bearerToken(of: request.authorization)
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

    /// The value behind the scheme, split as SimpleJWT does: at any run of white space.
    private static func bearerToken(of field: Request.Field) throws(APIError) -> ArraySlice<UInt8> {
        let parts = field.value.split(maxSplits: 3, whereSeparator: isWhiteSpace)
        guard let scheme = parts.first, isBearer(scheme) else {
            throw APIError(.notAuthenticated, reason: field.count == 0 ? "no_authorization" : "not_bearer")
        }
        // Two headers are two values, however nginx hands them on.
        guard parts.count == 2, field.count == 1 else {
            throw APIError(.badAuthorizationHeader, reason: "bad_authorization_header")
        }
        return parts[1]
    }

    private static func isBearer(_ scheme: ArraySlice<UInt8>) -> Bool {
        scheme.count == 6 && zip(scheme, "bearer".utf8).allSatisfy { $0 | 0x20 == $1 }
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }
}
