import Glibc

/// Why something could not be stored, found or removed.
public struct ContentStoreError: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// No space is left, or a quota is used up.
        case full
        /// Somebody else held the lock for too long.
        case busy
        case failed
    }

    public let kind: Kind
    /// One sentence for the operator, lower case, without a full stop.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// - Parameters:
    ///   - act: what was tried, such as "write a file".
    ///   - errno: the value of errno(3) right after the call.
    init(_ act: String, errno: Int32) {
        let kind: Kind = errno == ENOSPC || errno == EDQUOT ? .full : .failed
        self.init(kind, "cannot \(act): \(Self.message(errno))")
    }

    private static func message(_ code: Int32) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            guard let start = buffer.baseAddress, unsafe strerror_r(code, start, buffer.count) == 0 else {
                return "error \(code)"
            }
            return unsafe String(cString: start)
        }
    }
}
