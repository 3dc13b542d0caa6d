/// A look at the bytes that wait in a connection's socket, before libfcgi reads them.
///
/// libfcgi blocks on a half-sent record, and some streams make it abort the whole process: a GET_VALUES record that
/// names more than three values, name-value lengths that sum past 2^31. So it is given only what this has found to be
/// one whole and regular request: BEGIN_REQUEST for a responder, PARAMS, STDIN, all of one id (FastCGI 1.0, sections 3
/// and 5). Everything else costs the peer its connection.
enum RequestPreview: Equatable {
    /// One whole request and nothing behind it.
    case complete
    /// A regular beginning: more must come.
    case incomplete
    /// The same, and all parameters are there: only input must come.
    case begun
    /// No peer of ours sends this.
    case refused(Fault)

    enum Fault: Equatable {
        case version, recordType, requestID, role, beginLength, order, parameterLength, tooManyParameters, trailingBytes
    }

    /// The largest request that is looked at: nginx's largest header buffers, their parameter names, and a body of
    /// 16 KiB fit well.
    static let maximumBytes = 96 * 1024
    /// nginx sends some 20 parameters and one for each header, of which it takes 1000 (its max_headers).
    static let maximumParameters = 1100

    private static let headerLength = 8

    private enum RecordType {
        static let beginRequest: UInt8 = 1
        static let parameters: UInt8 = 4
        static let standardInput: UInt8 = 5
    }

    init(_ bytes: Span<UInt8>) {
        self = Self.examine(bytes)
    }

    private static func examine(_ bytes: Span<UInt8>) -> RequestPreview {
        var expected = RecordType.beginRequest
        var identifier = 0
        var offset = 0
        var parameters = ParameterLengths()
        while bytes.count - offset >= headerLength {
            let type = bytes[offset + 1]
            let requestID = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let length = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
            let content = offset + headerLength
            let next = content + length + Int(bytes[offset + 6])
            guard bytes[offset] == 1 else { return .refused(.version) }
            guard type == expected else {
                let known = [RecordType.beginRequest, RecordType.parameters, RecordType.standardInput].contains(type)
                return .refused(known ? .order : .recordType)
            }
            if type == RecordType.beginRequest {
                guard length == 8 else { return .refused(.beginLength) }
                guard requestID != 0 else { return .refused(.requestID) }
                identifier = requestID
            }
            guard requestID == identifier else { return .refused(.requestID) }
            guard next <= bytes.count else { break }

            switch type {
            case RecordType.beginRequest:
                guard bytes[content] == 0, bytes[content + 1] == 1 else { return .refused(.role) }
                expected = RecordType.parameters
            case RecordType.parameters where length > 0:
                if let fault = parameters.read(bytes, from: content, to: content + length) { return .refused(fault) }
            case RecordType.parameters:
                guard parameters.isBetweenPairs else { return .refused(.parameterLength) }
                expected = RecordType.standardInput
            case _ where length == 0:
                return next == bytes.count ? .complete : .refused(.trailingBytes)
            default:
                break
            }
            offset = next
        }
        return expected == RecordType.standardInput ? .begun : .incomplete
    }

    /// Where the input begins in the bytes of a request that is complete or begun.
    static func inputOffset(in bytes: Span<UInt8>) -> Int {
        var offset = 0
        while true {
            let length = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
            let next = offset + headerLength + length + Int(bytes[offset + 6])
            if bytes[offset + 1] == RecordType.parameters, length == 0 { return next }
            offset = next
        }
    }
}

/// Walks the lengths of name-value pairs (FastCGI 1.0, section 3.4) through any cut into records.
private struct ParameterLengths {
    private enum State { case nameLength, valueLength, data }

    private var state = State.nameLength
    private var lengthBytesMissing = 0
    private var length = 0
    private var nameLength = 0
    private var dataMissing = 0
    private var pairs = 0

    var isBetweenPairs: Bool { state == .nameLength && lengthBytesMissing == 0 }

    mutating func read(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> RequestPreview.Fault? {
        var index = start
        while index < end {
            if state == .data {
                let step = min(dataMissing, end - index)
                dataMissing -= step
                index += step
                if dataMissing == 0 { state = .nameLength }
                continue
            }
            let byte = Int(bytes[index])
            index += 1
            if lengthBytesMissing > 0 {
                length = length << 8 | byte
                lengthBytesMissing -= 1
            } else if byte & 0x80 != 0 {
                length = byte & 0x7F
                lengthBytesMissing = 3
            } else {
                length = byte
            }
            guard lengthBytesMissing == 0 else { continue }
            guard length <= RequestPreview.maximumBytes else { return .parameterLength }
            if state == .nameLength {
                pairs += 1
                guard pairs <= RequestPreview.maximumParameters else { return .tooManyParameters }
                nameLength = length
                state = .valueLength
            } else {
                dataMissing = nameLength + length
                state = dataMissing == 0 ? .nameLength : .data
            }
        }
        return nil
    }
}
