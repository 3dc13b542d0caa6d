/// Why a JSON text was refused.
public struct JSONError: Error, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The text breaks the grammar of RFC 8259.
        case notJSON
        /// The text is JSON, but not an object.
        case notAnObject
        /// An object has two members of this name, compared after unescaping.
        case duplicateMember(name: String)
        /// Objects and arrays are nested deeper than the limit.
        case tooDeep
        /// A string is not well-formed UTF-8 (RFC 3629).
        case invalidUTF8
        /// A string holds U+0000, raw or escaped, which PostgreSQL's text and C strings cannot hold.
        case nulInString
        /// A string holds one half of a surrogate pair, which no UTF-8 text can hold.
        case loneSurrogate
        /// The text has more bytes than the limit.
        case tooLarge
        /// The text has more members and elements than the limit.
        case tooManyMembers
    }

    public let kind: Kind

    /// Where it was noticed: bytes before that place.
    public let offset: Int
}

extension JSONError: CustomStringConvertible {
    /// A sentence for the sender of the text. It quotes nothing of it but a member's name, escaped and cut.
    public var description: String {
        switch kind {
        case .notJSON: "The JSON is not valid: unexpected content at byte \(offset)"
        case .notAnObject: "The JSON must be an object"
        case .duplicateMember(let name): "The JSON member \"\(Self.quotable(name))\" is given more than once"
        case .tooDeep: "The JSON is nested too deeply"
        case .invalidUTF8: "The JSON is not valid UTF-8 at byte \(offset)"
        case .nulInString: "A JSON string holds a NUL character at byte \(offset)"
        case .loneSurrogate: "A JSON string holds half of a surrogate pair at byte \(offset)"
        case .tooLarge: "The JSON is too large"
        case .tooManyMembers: "The JSON has too many members"
        }
    }

    /// At most 32 characters, all of them visible ASCII.
    private static func quotable(_ name: String) -> String {
        var text = ""
        for scalar in name.unicodeScalars.prefix(32) {
            if scalar.isASCII, scalar.value > 0x20, scalar.value < 0x7f, scalar != "\"", scalar != "\\" {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return name.unicodeScalars.count > 32 ? text + "..." : text
    }
}
