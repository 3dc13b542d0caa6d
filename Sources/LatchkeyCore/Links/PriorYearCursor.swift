internal import WireFormats

/// Behind which of the platforms and documents of a user the next page begins.
///
/// As text: the base64url of `[<platforms>,<documents>]`, each `[tax year,name,platform]`, or null where there are no
/// more. It is not signed: whatever it says, it shows a user nothing but his own links.
public struct PriorYearCursor: Sendable, Equatable {
    /// Where a row stands: newest tax year first, then by name, then by platform.
    public struct Position: Sendable, Equatable {
        public let taxYear: Int
        public let name: String
        public let platform: String

        public init(taxYear: Int, name: String, platform: String) {
            self.taxYear = taxYear
            self.name = name
            self.platform = platform
        }
    }

    /// Of the last row that was shown; nil when all were.
    public let platforms: Position?
    public let documents: Position?

    /// - Returns: nil when all of both were shown.
    public init?(platforms: Position?, documents: Position?) {
        guard platforms != nil || documents != nil else { return nil }
        self.platforms = platforms
        self.documents = documents
    }

    /// The longest text that is looked at; names of the longest make up less than half of it.
    static let maximumBytes = 6 * 1024

    /// - Returns: nil for any text that is not ``text`` of a cursor, to the byte.
    public init?(_ text: [UInt8]) {
        guard text.count <= Self.maximumBytes, let json = Base64URL.decode(text[...]),
            let parts = (try? JSONValue(parsing: json))?.array, parts.count == 2
        else { return nil }
        let positions = parts.map(Self.position)
        guard zip(parts, positions).allSatisfy({ $0.isNull || $1 != nil }) else { return nil }
        self.init(platforms: positions[0], documents: positions[1])
        guard Array(self.text.utf8) == text else { return nil }
    }

    private static func position(_ value: JSONValue) -> Position? {
        guard let parts = value.array, parts.count == 3, let taxYear = parts[0].integer, let name = parts[1].string,
            let platform = parts[2].string, (0...9999).contains(taxYear)
        else { return nil }
        return Position(taxYear: Int(taxYear), name: name, platform: platform)
    }

    public var text: String {
        var json = JSONWriter()
        json.beginArray()
        for position in [platforms, documents] {
            guard let position else {
                json.element(Bool?.none)
                continue
            }
            json.beginArray()
            json.element(position.taxYear)
            json.element(position.name)
            json.element(position.platform)
            json.endArray()
        }
        json.endArray()
        return String(decoding: Base64URL.encode(json.bytes), as: UTF8.self)
    }
}
