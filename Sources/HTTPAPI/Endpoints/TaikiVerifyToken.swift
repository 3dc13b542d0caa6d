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
        let bytes = field.value.span
        let scheme = word(in: bytes, from: 0)
        guard isBearer(bytes.extracting(scheme)) else {
            throw APIError(.notAuthenticated, reason: field.count == 0 ? "no_authorization" : "not_bearer")
        }
        // What nearly all clients send: one space, and all behind it is the token.
        if field.count == 1, scheme.upperBound + 1 < bytes.count {
            let rest = scheme.upperBound + 1..<bytes.count
            if ASCII.areVisible(bytes.extracting(rest)) { return field.value[rest] }
        }
        let value = word(in: bytes, from: scheme.upperBound)
        // Two headers are two values, however nginx hands them on.
        guard !value.isEmpty, word(in: bytes, from: value.upperBound).isEmpty, field.count == 1 else {
            throw APIError(.badAuthorizationHeader, reason: "bad_authorization_header")
        }
        return field.value[value]
    }

    /// The next run of other characters than white space, from `start` on; empty when there is none.
    private static func word(in bytes: Span<UInt8>, from start: Int) -> Range<Int> {
        var start = start
        while start < bytes.count, isWhiteSpace(bytes[start]) { start += 1 }
        var end = start
        while end < bytes.count, !isWhiteSpace(bytes[end]) { end += 1 }
        return start..<end
    }

    private static func isBearer(_ scheme: Span<UInt8>) -> Bool {
        var index = 0
        for letter in "bearer".utf8 {
            guard index < scheme.count, scheme[index] | 0x20 == letter else { return false }
            index += 1
        }
        return index == scheme.count
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte &- 0x09 < 5
    }
}
