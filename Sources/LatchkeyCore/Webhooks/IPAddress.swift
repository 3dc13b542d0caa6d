/// An IPv4 or an IPv6 address. IPv6's way to write an IPv4 address (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is
/// that IPv4 address, since a packet to the one goes to the other.
public struct IPAddress: Hashable, Sendable {
    /// 4 or 16, in network order.
    public let bytes: [UInt8]

    /// - Returns: nil for another number of bytes than 4 and 16.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes.starts(with: Self.mappedPrefix) ? Array(bytes.suffix(4)) : bytes
    }

    var isIPv4: Bool { bytes.count == 4 }

    private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
}

extension IPAddress: LosslessStringConvertible {
    /// An address in its common notation (RFC 4291 section 2.2, four decimal numbers for IPv4), without a zone.
    public init?(_ text: String) {
        guard let bytes = text.contains(":") ? Self.parseIPv6(text) : Self.parseIPv4(text) else { return nil }
        self.init(bytes: bytes)
    }

    private static func parseIPv4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        // Not `01`, which is octal to some.
        let bytes = parts.compactMap { part in UInt8(part).flatMap { "\($0)" == part ? $0 : nil } }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func parseIPv6(_ text: String) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            return parseGroups(text).flatMap { $0.count == 16 ? $0 : nil }
        }
        // An IPv4 address can only be the end of it.
        let head = text[..<gap.lowerBound]
        guard !head.contains("."), let head = parseGroups(head), let tail = parseGroups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// Groups of up to four hexadecimal digits, the last two perhaps as an IPv4 address.
    private static func parseGroups(_ text: some StringProtocol) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, group) in groups.enumerated() {
            if index == groups.count - 1, group.contains(".") {
                guard let last = parseIPv4(group) else { return nil }
                bytes += last
            } else {
                guard (1...4).contains(group.utf8.count), group.allSatisfy(\.isHexDigit), group.allSatisfy(\.isASCII),
                    let value = UInt16(group, radix: 16)
                else { return nil }
                bytes += [UInt8(value >> 8), UInt8(value & 0xff)]
            }
        }
        return bytes
    }

    /// As ``init(_:)`` reads it; IPv6 with all its eight groups.
    public var description: String {
        if isIPv4 { return bytes.map { "\($0)" }.joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }
}
