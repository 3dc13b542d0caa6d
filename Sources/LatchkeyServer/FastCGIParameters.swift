internal import FastCGI
internal import HTTPAPI
internal import LatchkeyCore

/// Sorts the parameters of a request (RFC 3875, section 4.1) into what the endpoints look at.
struct FastCGIParameters {
    private enum Name: CaseIterable {
        case requestMethod, documentURI, scriptName, requestURI, contentType, contentLength, authorization
        case idempotencyKey, mode, requestID, callerRequestID, callerCorrelationID

        var text: String {
            switch self {
            case .requestMethod: "REQUEST_METHOD"
            case .documentURI: "DOCUMENT_URI"
            case .scriptName: "SCRIPT_NAME"
            case .requestURI: "REQUEST_URI"
            case .contentType: "CONTENT_TYPE"
            case .contentLength: "CONTENT_LENGTH"
            case .authorization: "HTTP_AUTHORIZATION"
            case .idempotencyKey: "HTTP_IDEMPOTENCY_KEY"
            case .mode: "LATCHKEY_MODE"
            case .requestID: "LATCHKEY_REQUEST_ID"
            case .callerRequestID: "HTTP_X_REQUEST_ID"
            case .callerCorrelationID: "HTTP_X_CORRELATION_ID"
            }
        }
    }

    private let names: [(prefix: [UInt8], name: Name)] = Name.allCases.map { (Array(($0.text + "=").utf8), $0) }
    private let modes: [(name: [UInt8], mode: Mode)] = Mode.allCases.map { (Array($0.rawValue.utf8), $0) }
    private var length = Request.Field()
    private var otherPaths = [Request.Field(), Request.Field()]

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

    mutating func clear() {
        length.clear()
        for index in otherPaths.indices { otherPaths[index].clear() }
    }

    /// - Parameter parameter: `NAME=value`.
    mutating func take(_ parameter: Span<UInt8>, into request: inout Request) {
        guard let (prefix, name) = names.first(where: { starts(parameter, with: $0.prefix) }) else { return }
        let value = parameter.extracting(droppingFirst: prefix.count)
        switch name {
        case .requestMethod: add(value, to: &request.method)
        case .documentURI: add(value, to: &request.path)
        case .scriptName: add(value, to: &otherPaths[0])
        case .requestURI: add(value, to: &otherPaths[1])
        case .contentType where value.isEmpty: break
        case .contentType: add(value, to: &request.contentType)
        case .contentLength: add(value, to: &length)
        case .authorization: add(value, to: &request.authorization)
        case .idempotencyKey: add(value, to: &request.idempotencyKey)
        case .mode: request.mode = mode(value)
        case .requestID: add(value, to: &request.requestID)
        case .callerRequestID: add(value, to: &request.callerRequestID)
        case .callerCorrelationID: add(value, to: &request.callerCorrelationID)
        }
    }

    /// A web server that sends no DOCUMENT_URI says the path in another parameter.
    func choosePath(_ request: inout Request) {
        for other in otherPaths where request.path.value.isEmpty && other.count > 0 {
            request.path.value = Array(other.value.prefix { $0 != UInt8(ascii: "?") })
        }
    }

    private func add(_ value: Span<UInt8>, to field: inout Request.Field) {
        field.count += 1
        if field.count == 1 { field.value.append(copying: value) }
    }

    private func starts(_ parameter: Span<UInt8>, with prefix: [UInt8]) -> Bool {
        // The last byte first: in most parameters there is no `=` at that place.
        guard parameter.count >= prefix.count, parameter[prefix.count - 1] == UInt8(ascii: "=") else { return false }
        for index in prefix.indices where parameter[index] != prefix[index] { return false }
        return true
    }

    private func mode(_ value: Span<UInt8>) -> Mode? {
        for (name, mode) in modes where value.count == name.count {
            if name.indices.allSatisfy({ value[$0] == name[$0] }) { return mode }
        }
        return nil
    }
}
