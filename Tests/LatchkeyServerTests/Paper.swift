import Synchronization
import Testing
import WireFormats

/// Takes what would go to standard error.
final class Paper: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func write(_ line: [UInt8]) { bytes.withLock { $0 += line } }

    /// The lines so far, each of which must be a JSON object.
    func lines() throws -> [JSONObject] {
        let text = bytes.withLock { $0 }
        try #require(text.isEmpty || text.last == UInt8(ascii: "\n"))
        return try text.split(separator: UInt8(ascii: "\n")).map { try JSONObject(parsing: Array($0)) }
    }
}
