public import HTTPTypes
public import LatchkeyCore

/// An answer, and what the log says of it. No answer is to be stored; whoever writes it says so, and adds the content
/// type and the request id.
public struct Response: Sendable {
    public var status: HTTPResponse.Status
    /// Beyond those that every answer has.
    public var headers: [HTTPField]
    public var contentType: String
    public var body: [UInt8]
    /// For the log: the client app concerned, as far as it is known.
    public var clientApp: ClientApp.ID?
    /// For the log: why the request was refused.
    public var reason: String?

    public init(
        _ status: HTTPResponse.Status, headers: [HTTPField] = [], contentType: String = "application/json",
        body: [UInt8], clientApp: ClientApp.ID? = nil, reason: String? = nil
    ) {
        self.status = status
        self.headers = headers
        self.contentType = contentType
        self.body = body
        self.clientApp = clientApp
        self.reason = reason
    }
}
