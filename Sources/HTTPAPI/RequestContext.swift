public import LatchkeyCore

/// What travels with one request besides its own content.
public struct RequestContext: Sendable {
    /// Stands in the answer, in nginx's log, in ours and in what is stored.
    public let id: String
    public let mode: Mode
    /// Since nginx had the whole request.
    public let waited: Duration
    /// The parts of the path that the route's template has in braces.
    let captured: [ArraySlice<UInt8>]
}

extension Request {
    /// nginx's choice, else the caller's own id where it is well-formed; nil when there is none.
    var givenID: String? {
        requestID.requestID ?? callerRequestID.requestID ?? callerCorrelationID.requestID
    }
}

extension Request.Field {
    /// The value where it is one: 1 to 64 of `[A-Za-z0-9._-]`.
    fileprivate var requestID: String? {
        guard count > 0, (1...64).contains(value.count), value.allSatisfy(Self.isAllowed) else { return nil }
        return text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
