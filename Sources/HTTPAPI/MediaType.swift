internal import WireFormats

extension Request {
    /// Whether the body may be read as JSON in UTF-8: `application/json` in any case, with no other charset than
    /// UTF-8, or no Content-Type at all (RFC 9110, section 8.3).
    var isJSON: Bool {
        guard let text = contentType.text, !text.isEmpty else { return true }
        // What nearly all clients send.
        return contentType.count == 1 && (text == "application/json" || Self.isUTF8(text, of: "application/json"))
    }

    /// Whether the body is said to be plain text in UTF-8.
    var isPlainText: Bool {
        contentType.count == 1 && contentType.text.map { Self.isUTF8($0, of: "text/plain") } == true
    }

    /// - Parameter wanted: in lower case.
    private static func isUTF8(_ text: String, of wanted: String) -> Bool {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { part in
            part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
        }
        guard let type = parts.first, String(type).lowercased() == wanted else { return false }
        return parts.dropFirst().allSatisfy { parameter in
            let parameter = String(parameter).lowercased()
            return !parameter.hasPrefix("charset=") || ["charset=utf-8", "charset=\"utf-8\""].contains(parameter)
        }
    }

    /// What the body is said to be: `type/subtype` in lower case without parameters; without a Content-Type, the type
    /// of any bytes at all.
    ///
    /// - Returns: nil where the header is no media type, longer than 127 characters, or there twice.
    var mediaType: String? {
        guard contentType.count > 0 else { return "application/octet-stream" }
        guard contentType.count == 1 else { return nil }
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let type = contentType.value.prefix { $0 != UInt8(ascii: ";") }
            .drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        let parts = Array(type).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard type.count <= 127, parts.count == 2,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isTokenCharacter) })
        else { return nil }
        return String(decoding: type, as: UTF8.self).lowercased()
    }

    /// RFC 9110, section 5.6.2: tchar.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
