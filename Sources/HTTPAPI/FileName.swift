/// The name of a collector's file.
enum FileName {
    static let maximumBytes = 255

    /// - Parameter bytes: as the path has them, decoded.
    /// - Returns: nil unless it is a plain name: well-formed UTF-8, no slash, no control character, and none that means
    ///   a folder.
    static func checked(_ bytes: ArraySlice<UInt8>) -> String? {
        guard (1...maximumBytes).contains(bytes.count), let name = String(validating: bytes, as: UTF8.self),
            name.unicodeScalars.allSatisfy(isAllowed), name != ".", name != ".."
        else { return nil }
        return name
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1f, 0x7f...0x9f: false
        default: scalar != "/"
        }
    }
}
