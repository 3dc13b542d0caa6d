internal import WireFormats

/// The names and values behind the question mark, read as the URL Standard reads application/x-www-form-urlencoded.
struct Query {
    private let pairs: [(name: [UInt8], value: [UInt8])]

    init(_ text: [UInt8]) {
        pairs = text.split(separator: UInt8(ascii: "&")).map { pair in
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return (PercentEncoding.decodeForm(pair[..<end]), PercentEncoding.decodeForm(pair[end...].dropFirst()))
        }
    }

    /// The value of a name; nil where it is not there.
    ///
    /// - Throws: where it is there more than once.
    func value(of name: String) throws(Repetition) -> [UInt8]? {
        let name = Array(name.utf8)
        let values = pairs.filter { $0.name == name }
        guard values.count < 2 else { throw Repetition() }
        return values.first?.value
    }

    struct Repetition: Error {}
}

extension Query {
    /// The value of a name that may be there once; nil where it is not there.
    func onlyValue(of name: String) throws(APIError) -> [UInt8]? {
        do throws(Repetition) {
            return try value(of: name)
        } catch {
            throw APIError(.invalidRequest("\(name) must be given once at most"), reason: "repeated_query_name")
        }
    }
}

extension APIError {
    static var noCursor: APIError {
        APIError(.invalidRequest("after is not a cursor that this service gave"), reason: "invalid_cursor")
    }
}
