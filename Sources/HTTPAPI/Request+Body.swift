internal import LatchkeyCore
internal import WireFormats

extension Request {
    /// The body of an endpoint that takes JSON, or nothing: read whole, and of the right type.
    ///
    /// - Parameter orText: whether JSON may come as plain text, too.
    func jsonBody(orText: Bool = false) throws(APIError) -> [UInt8] {
        switch body {
        case .tooLarge:
            throw APIError(.bodyTooLarge, reason: "body_too_large")
        case .lengthMismatch:
            throw APIError(.invalidRequest(APIError.wrongLength), reason: "body_length_mismatch")
        case .stream:
            // The operator's mistake: nginx sends the path to the lane of uploads.
            throw APIError(.internalError, reason: "body_is_a_stream")
        case .bytes(let bytes):
            // The type of an empty body says nothing.
            guard bytes.isEmpty || isJSON || orText && isPlainText else {
                throw APIError(.unsupportedMediaType(contentType.text ?? ""), reason: "unsupported_media_type")
            }
            return bytes
        }
    }

    /// The body of an endpoint that takes a file.
    func fileBody() throws(APIError) -> any BodyStream {
        switch body {
        case .stream(let stream):
            return stream
        case .tooLarge:
            throw APIError(.fileTooLarge, reason: "file_too_large")
        case .lengthMismatch:
            throw APIError(.invalidRequest(APIError.wrongLength), reason: "body_length_mismatch")
        case .bytes:
            // The operator's mistake: nginx sends the path to another lane than that of uploads.
            throw APIError(.internalError, reason: "body_is_no_stream")
        }
    }
}

extension JSONObject {
    /// The members of a body.
    init(body: [UInt8]) throws(APIError) {
        do throws(JSONError) {
            try self.init(parsing: body)
        } catch {
            throw APIError(.invalidRequest(error.description), reason: "invalid_json")
        }
    }

    /// - Returns: nil where the member is absent, null or "": all mean that there is none.
    func text(_ name: String) throws(APIError) -> String? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let text = value.string else { throw .wrongType(of: name, "a string") }
        return text.isEmpty ? nil : text
    }

    /// The text of an object, as it was written; that of an empty one where the member is absent or null.
    func objectText(_ name: String) throws(APIError) -> String {
        guard let value = self[name], !value.isNull else { return "{}" }
        guard value.object != nil else { throw .wrongType(of: name, "an object") }
        return String(decoding: value.rawJSON, as: UTF8.self)
    }

    /// - Returns: nil where the member is absent or null.
    func integer(_ name: String) throws(APIError) -> Int? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let integer = value.integer else { throw .wrongType(of: name, "an integer") }
        return Int(integer)
    }
}

extension APIError {
    static func wrongType(of member: String, _ type: String) -> APIError {
        APIError(.invalidRequest("\(member) must be \(type)"), reason: "wrong_member_type")
    }
}
