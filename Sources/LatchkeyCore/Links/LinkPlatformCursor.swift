internal import WireFormats

/// Behind which platform the next page of the catalogue begins.
///
/// As text: the base64url of `[name,platform]`. It is not signed: whatever it says, it shows nothing but the catalogue.
public struct LinkPlatformCursor: Sendable, Equatable {
    public let name: String
    public let id: String

    public init(name: String, id: String) {
        self.name = name
        self.id = id
    }

    /// The longest text that is looked at; a name and an id of the longest make up less than half of it.
    static let maximumBytes = 4 * 1024

    /// - Returns: nil for any text that is not ``text`` of a cursor, to the byte.
    public init?(_ text: [UInt8]) {
        guard text.count <= Self.maximumBytes, let json = Base64URL.decode(text[...]),
            let parts = (try? JSONValue(parsing: json))?.array, parts.count == 2, let name = parts[0].string,
            let id = parts[1].string
        else { return nil }
        self.init(name: name, id: id)
        guard Array(self.text.utf8) == text else { return nil }
    }

    public var text: String {
        var json = JSONWriter()
        json.beginArray()
        json.element(name)
        json.element(id)
        json.endArray()
        return String(decoding: Base64URL.encode(json.bytes), as: UTF8.self)
    }
}
