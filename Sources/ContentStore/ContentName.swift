/// What a content is called in the store: by its SHA-256. Equal contents have one name, and one file.
public struct ContentName: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the hash.
    public let bytes: [UInt8]

    private static let digits = Array("0123456789abcdef".utf8)

    /// - Returns: nil unless there are 32 bytes.
    public init?(_ sha256: [UInt8]) {
        guard sha256.count == 32 else { return nil }
        bytes = sha256
    }

    /// - Returns: nil unless the text is 64 hexadecimal digits, letters in lower case.
    init?(text: some StringProtocol) {
        let values = text.utf8.map { Self.digits.firstIndex(of: $0) }
        guard values.count == 64, !values.contains(nil) else { return nil }
        let nibbles = values.compactMap { $0 }
        bytes = stride(from: 0, to: 64, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
    }

    /// 64 hexadecimal digits, letters in lower case.
    public var text: String {
        String(decoding: bytes.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The folder that it is in: the first two digits.
    public var branch: String { String(text.prefix(2)) }

    /// Below the folder of the store.
    public var path: String { "\(branch)/\(text)" }

    public var description: String { text }
}
