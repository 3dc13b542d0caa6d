public import LatchkeyCore

/// A request as far as the endpoints look at it. Its buffers are filled again for each request of a worker, so that
/// none of them is allocated on the way.
public struct Request {
    /// A header field: how often it was sent, and the first value.
    public struct Field: Sendable {
        public var count = 0
        public var value: [UInt8] = []

        public init() {}

        public init(_ text: String) {
            count = 1
            value = Array(text.utf8)
        }

        public mutating func clear() {
            count = 0
            value.removeAll(keepingCapacity: true)
        }

        public var text: String? { count == 0 ? nil : String(decoding: value, as: UTF8.self) }
    }

    /// The body, as far as it was read.
    public enum Body {
        case bytes([UInt8])
        /// Not read yet: that of a file.
        case stream(any BodyStream)
        /// Larger than ``maximumBodyBytes``, or than any file may be.
        case tooLarge
        /// Not as long as Content-Length says, or that is no number.
        case lengthMismatch
    }

    /// RFC 9110, section 8: what a client of ours has to say fits in it many times over.
    public static let maximumBodyBytes = 16 * 1024

    public var method = Field()
    /// Decoded and normalized by nginx, without the query.
    public var path = Field()
    /// Behind the question mark, as it was sent.
    public var query = Field()
    /// nginx's decision by the base URL that was called; nil when it made none.
    public var mode: Mode?
    public var contentType = Field()
    public var authorization = Field()
    public var idempotencyKey = Field()
    public var taikiSecret = Field()
    public var taikiUserID = Field()
    /// nginx's decision.
    public var requestID = Field()
    public var callerRequestID = Field()
    public var callerCorrelationID = Field()
    /// When nginx had the whole request, in milliseconds since 1970 by its clock; nil where it did not say.
    public var receivedAt: Int64?
    public var body = Body.bytes([])

    public init() {}

    /// Empties everything, for the next request.
    public mutating func clear() {
        method.clear()
        path.clear()
        query.clear()
        mode = nil
        contentType.clear()
        authorization.clear()
        idempotencyKey.clear()
        taikiSecret.clear()
        taikiUserID.clear()
        requestID.clear()
        callerRequestID.clear()
        callerCorrelationID.clear()
        receivedAt = nil
        body = .bytes([])
    }
}
