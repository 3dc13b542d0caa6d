extension Request {
    /// Whether the body may be read as JSON in UTF-8: `application/json` in any case, with no other charset than
    /// UTF-8, or no Content-Type at all (RFC 9110, section 8.3).
    var isJSON: Bool {
        guard let text = contentType.text, !text.isEmpty else { return true }
        guard contentType.count == 1 else { return false }
        // What nearly all clients send.
        guard text != "application/json" else { return true }
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { part in
            part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
        }
        guard let type = parts.first, String(type).lowercased() == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { parameter in
            let parameter = String(parameter).lowercased()
            return !parameter.hasPrefix("charset=") || ["charset=utf-8", "charset=\"utf-8\""].contains(parameter)
        }
    }
}
