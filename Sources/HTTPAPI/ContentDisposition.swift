internal import WireFormats

/// `Content-Disposition: attachment` with a file's name (RFC 6266).
enum ContentDisposition {
    /// - Parameter fileName: any text. Old browsers see it in ASCII, the others as it is (RFC 8187).
    static func attachment(fileName: String) -> String {
        var value = Array("attachment; filename=\"".utf8)
        value.append(contentsOf: fileName.unicodeScalars.map { scalar in
            isPlain(scalar) ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "_")
        })
        value.append(contentsOf: "\"; filename*=UTF-8''".utf8)
        PercentEncoding.append(fileName.utf8, to: &value, keeping: isAttributeCharacter)
        return String(decoding: value, as: UTF8.self)
    }

    /// Whether it may stand in quotes as it is. Some browsers decode a percent sign there, and some take a backslash
    /// for itself (RFC 6266, appendix D).
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\"", "\\", "%": false
        case " "..."~": true
        default: false
        }
    }

    /// RFC 8187, section 3.2.1: attr-char.
    private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || "!#$&+-.^_`|~".utf8.contains(byte)
    }
}
