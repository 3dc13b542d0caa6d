/// What stands in a golden file for what a runner prepares.
struct Placeholders {
    private let values: [String: [UInt8]]

    init(_ values: [String: String], bytes: [String: [UInt8]] = [:]) {
        self.values = values.mapValues { Array($0.utf8) }.merging(bytes) { $1 }
    }

    /// What an answer may leave open, as regular expressions.
    private static let patterns = [
        "any:jwt": #"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"#,
        "any:uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "any:time": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
        "any:url": #"https://[A-Za-z0-9._~:/?=&-]+"#,
        "any:number": "[1-9][0-9]*",
        "any:secret": "lk_[a-z]{4}_[A-Za-z0-9_-]{49}",
        "any:page": #"<!(?:doctype|DOCTYPE) html>[\s\S]*"#,
        "any:text": #"(?:[^"\\]|\\.)+"#,
    ]

    /// The text of a request, filled in.
    func fill(_ text: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts(of: text) {
            switch part {
            case .text(let text): bytes += Array(text.utf8)
            case .placeholder(let name): bytes += try value(of: name)
            }
        }
        return bytes
    }

    /// Whether an answer's text is as the file says, as a whole.
    func matches(_ answer: String, _ text: String) throws -> Bool {
        var pattern = ""
        for part in parts(of: text) {
            switch part {
            case .text(let text): pattern += Self.quoted(text)
            case .placeholder(let name):
                pattern += try Self.patterns[name] ?? Self.quoted(String(decoding: try value(of: name), as: UTF8.self))
            }
        }
        return try Regex(pattern).wholeMatch(in: answer) != nil
    }

    private func value(of name: String) throws -> [UInt8] {
        guard let value = values[name] else { throw GoldenMistake("nobody prepared ${\(name)}") }
        return value
    }

    private enum Part {
        case text(String)
        case placeholder(String)
    }

    private func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            parts.append(.text(String(rest[..<start.lowerBound])))
            parts.append(.placeholder(String(rest[start.upperBound..<end])))
            rest = rest[rest.index(after: end)...]
        }
        return parts + [.text(String(rest))]
    }

    /// A regular expression for this very text.
    private static func quoted(_ text: String) -> String {
        text.map { $0.isLetter || $0.isNumber || !$0.isASCII ? String($0) : "\\" + String($0) }.joined()
    }
}
