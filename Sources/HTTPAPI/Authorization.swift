internal import WireFormats

/// What an Authorization header says: a scheme in any case, and one value behind it.
enum Authorization {
    enum Mistake: Error {
        /// No header, or one of another scheme.
        case otherScheme
        /// Not exactly one value, or more than one header.
        case notOneValue
    }

    /// The value behind the scheme, split as SimpleJWT does: at any run of white space.
    ///
    /// - Parameter scheme: in lower-case letters.
    @inline(__always)
    static func value(of field: Request.Field, scheme wanted: String) throws(Mistake) -> ArraySlice<UInt8> {
        let bytes = field.value.span
        let scheme = word(in: bytes, from: 0)
        guard isScheme(bytes.extracting(scheme), wanted) else { throw .otherScheme }
        // What nearly all clients send: one space, and all behind it is the value.
        if field.count == 1, scheme.upperBound + 1 < bytes.count {
            let rest = scheme.upperBound + 1..<bytes.count
            if ASCII.areVisible(bytes.extracting(rest)) { return field.value[rest] }
        }
        let value = word(in: bytes, from: scheme.upperBound)
        // Two headers are two values, however nginx hands them on.
        guard !value.isEmpty, word(in: bytes, from: value.upperBound).isEmpty, field.count == 1 else {
            throw .notOneValue
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

    @inline(__always)
    private static func isScheme(_ text: Span<UInt8>, _ wanted: String) -> Bool {
        var index = 0
        for letter in wanted.utf8 {
            guard index < text.count, text[index] | 0x20 == letter else { return false }
            index += 1
        }
        return index == text.count
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte &- 0x09 < 5
    }
}

extension Request {
    /// The token of `Authorization: Bearer <token>`.
    func bearerToken() throws(APIError) -> ArraySlice<UInt8> {
        do throws(Authorization.Mistake) {
            return try Authorization.value(of: authorization, scheme: "bearer")
        } catch {
            switch error {
            case .otherScheme:
                throw APIError(
                    .notAuthenticated, reason: authorization.count == 0 ? "no_authorization" : "not_bearer")
            case .notOneValue:
                throw APIError(.badAuthorizationHeader, reason: "bad_authorization_header")
            }
        }
    }

    /// The session's key of `Authorization: Bearer <key>`. Without one there is no session.
    func sessionKey() throws(APIError) -> String {
        do throws(APIError) {
            return String(decoding: try bearerToken(), as: UTF8.self)
        } catch {
            throw APIError(.unknownSession, reason: error.reason)
        }
    }

    /// The key of `Authorization: APIKEY <key>`.
    func collectorKey() throws(APIError) -> String {
        do throws(Authorization.Mistake) {
            return String(
                decoding: try Authorization.value(of: authorization, scheme: "apikey"), as: UTF8.self)
        } catch {
            let reason = switch error {
            case .otherScheme: authorization.count == 0 ? "no_authorization" : "not_apikey"
            case .notOneValue: "bad_authorization_header"
            }
            throw APIError(.invalidCollector, reason: reason)
        }
    }
}
