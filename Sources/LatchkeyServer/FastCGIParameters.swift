internal import FastCGI
internal import HTTPAPI
internal import LatchkeyCore

/// Sorts the parameters of one request (RFC 3875, section 4.1) into what the endpoints look at.
struct FastCGIParameters {
    private enum Name: CaseIterable {
        case requestMethod, documentURI, scriptName, requestURI, queryString, contentType, contentLength, authorization
        case idempotencyKey, taikiSecret, taikiUserID
        case mode, requestID, callerRequestID, callerCorrelationID, received

        var text: String {
            switch self {
            case .requestMethod: "REQUEST_METHOD"
            case .documentURI: "DOCUMENT_URI"
            case .scriptName: "SCRIPT_NAME"
            case .requestURI: "REQUEST_URI"
            case .queryString: "QUERY_STRING"
            case .contentType: "CONTENT_TYPE"
            case .contentLength: "CONTENT_LENGTH"
            case .authorization: "HTTP_AUTHORIZATION"
            case .idempotencyKey: "HTTP_IDEMPOTENCY_KEY"
            case .taikiSecret: "HTTP_TAIKI_SECRET"
            case .taikiUserID: "HTTP_TAIKI_USER_ID"
            case .mode: "LATCHKEY_MODE"
            case .requestID: "LATCHKEY_REQUEST_ID"
            case .callerRequestID: "HTTP_X_REQUEST_ID"
            case .callerCorrelationID: "HTTP_X_CORRELATION_ID"
            case .received: "LATCHKEY_RECEIVED"
            }
        }
    }

    /// The names by their length. Clients choose the names of their headers: the whole name is compared.
    private static let names: [[(text: [UInt8], name: Name)]] = {
        let all = Name.allCases.map { (text: Array($0.text.utf8), name: $0) }
        let longest = all.map(\.text.count).max() ?? 0
        return (0...longest).map { length in all.filter { $0.text.count == length } }
    }()
    private static let modes: [(name: [UInt8], mode: Mode)] = Mode.allCases.map { (Array($0.rawValue.utf8), $0) }
    private var length = Request.Field()
    private var scriptName = Request.Field()
    private var requestURI = Request.Field()

    /// CONTENT_LENGTH, 0 when there is none; nil when it is no number or given twice.
    var contentLength: Int? {
        guard length.count > 0, !length.value.isEmpty else { return 0 }
        guard length.count == 1, length.value.count <= 18 else { return nil }
        var number = 0
        for byte in length.value {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }

    /// - Parameter parameter: `NAME=value`.
    mutating func take(_ parameter: Span<UInt8>, into request: inout Request) {
        guard let end = parameter.indices.first(where: { parameter[$0] == UInt8(ascii: "=") }),
            let name = name(parameter.extracting(first: end))
        else { return }
        let value = parameter.extracting(droppingFirst: end + 1)
        switch name {
        case .requestMethod: add(value, to: &request.method)
        case .documentURI: add(value, to: &request.path)
        case .scriptName: add(value, to: &scriptName)
        case .requestURI: add(value, to: &requestURI)
        case .queryString: add(value, to: &request.query)
        case .contentType where value.isEmpty: break
        case .contentType: add(value, to: &request.contentType)
        case .contentLength: add(value, to: &length)
        case .authorization: add(value, to: &request.authorization)
        case .idempotencyKey: add(value, to: &request.idempotencyKey)
        case .taikiSecret: add(value, to: &request.taikiSecret)
        case .taikiUserID: add(value, to: &request.taikiUserID)
        case .mode: request.mode = mode(value)
        case .requestID: add(value, to: &request.requestID)
        case .callerRequestID: add(value, to: &request.callerRequestID)
        case .callerCorrelationID: add(value, to: &request.callerCorrelationID)
        case .received: request.receivedAt = Int64(millisecondsOf: value)
        }
    }

    /// A web server that sends no DOCUMENT_URI says the path in another parameter.
    func choosePath(_ request: inout Request) {
        guard request.path.value.isEmpty else { return }
        let other = scriptName.value.isEmpty ? requestURI : scriptName
        request.path.value = Array(other.value.prefix { $0 != UInt8(ascii: "?") })
    }

    private func add(_ value: Span<UInt8>, to field: inout Request.Field) {
        field.count += 1
        if field.count == 1 { field.value.append(copying: value) }
    }

    private func name(_ text: Span<UInt8>) -> Name? {
        guard text.count < Self.names.count else { return nil }
        for (candidate, name) in Self.names[text.count] {
            if candidate.indices.allSatisfy({ text[$0] == candidate[$0] }) { return name }
        }
        return nil
    }

    private func mode(_ value: Span<UInt8>) -> Mode? {
        for (name, mode) in Self.modes where value.count == name.count {
            if name.indices.allSatisfy({ value[$0] == name[$0] }) { return mode }
        }
        return nil
    }
}
