/// Why a socket or a lane could not be set up. Nothing that a peer sends is ever thrown: a bad stream costs the peer
/// its connection and nobody else anything.
public struct FastCGIError: Error, CustomStringConvertible {
    /// One sentence for the operator, lower case, without a full stop.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    /// - Parameters:
    ///   - act: what was tried, such as "bind /run/latchkey/verify.sock".
    ///   - errno: the value of errno(3) right after the call.
    init(_ act: String, errno: Int32) {
        self.init("cannot \(act): \(systemMessage(errno))")
    }
}
