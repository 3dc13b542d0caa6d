/// A Swift file as far as the rules of the house look at it.
struct SourceFile {
    let path: String
    /// Each line without comments.
    let lines: [String]
    /// Each line without comments and without what stands in string literals, but for the code in interpolations.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        var reader = SourceReader(Array(text.utf8))
        reader.read()
        lines = Self.lines(reader.text)
        code = Self.lines(reader.code)
    }

    /// The folder in Sources.
    var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Tells code from comments and string literals (The Swift Programming Language, "Lexical Structure"). Regular
/// expression literals are not known to it.
private struct SourceReader {
    private enum Context {
        /// Code; in an interpolation, with so many parentheses open.
        case code(parentheses: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private let bytes: [UInt8]
    private var index = 0
    private var contexts = [Context.code(parentheses: 0)]
    private(set) var text: [UInt8] = []
    private(set) var code: [UInt8] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func read() {
        while index < bytes.count {
            switch contexts[contexts.count - 1] {
            case .code(let parentheses): readCode(parentheses)
            case .string(let hashes, let isMultiline): readString(hashes, isMultiline)
            }
        }
    }

    private func isNext(_ word: String) -> Bool { bytes[index...].starts(with: word.utf8) }

    private mutating func take(_ count: Int, asCode: Bool) {
        let end = min(index + count, bytes.count)
        while index < end {
            text.append(bytes[index])
            // Lines are counted in both.
            if asCode || bytes[index] == UInt8(ascii: "\n") { code.append(bytes[index]) }
            index += 1
        }
    }

    private mutating func readCode(_ parentheses: Int) {
        switch bytes[index] {
        case UInt8(ascii: "/") where isNext("//"):
            while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
        case UInt8(ascii: "/") where isNext("/*"):
            skipBlockComment()
        case UInt8(ascii: "\""), UInt8(ascii: "#"):
            guard let (hashes, isMultiline) = stringStart() else { return take(1, asCode: true) }
            take(hashes + (isMultiline ? 3 : 1), asCode: true)
            contexts.append(.string(hashes: hashes, isMultiline: isMultiline))
        case UInt8(ascii: "("), UInt8(ascii: ")"):
            countParenthesis(parentheses)
            take(1, asCode: true)
        default:
            take(1, asCode: true)
        }
    }

    /// The closing one that has no opening one ends an interpolation.
    private mutating func countParenthesis(_ open: Int) {
        if isNext("(") {
            contexts[contexts.count - 1] = .code(parentheses: open + 1)
        } else if isNext(")"), contexts.count > 1, open == 1 {
            contexts.removeLast()
        } else if isNext(")") {
            contexts[contexts.count - 1] = .code(parentheses: open - 1)
        }
    }

    private func stringStart() -> (hashes: Int, isMultiline: Bool)? {
        let hashes = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
        let quotes = bytes[(index + hashes)...].prefix(3).prefix { $0 == UInt8(ascii: "\"") }.count
        return quotes == 0 ? nil : (hashes, quotes == 3)
    }

    private mutating func readString(_ hashes: Int, _ isMultiline: Bool) {
        guard bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "\\") else {
            return take(1, asCode: false)
        }
        let mark = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + mark
        if isNext(end) {
            take(end.utf8.count, asCode: true)
            contexts.removeLast()
        } else if isNext("\\" + mark + "(") {
            take(2 + hashes, asCode: true)
            contexts.append(.code(parentheses: 1))
        } else if isNext("\\" + mark) {
            take(2 + hashes, asCode: false)
        } else {
            take(1, asCode: false)
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if isNext("/*") {
                depth += 1
                index += 2
            } else if isNext("*/") {
                depth -= 1
                index += 2
            } else {
                if isNext("\n") {
                    text.append(bytes[index])
                    code.append(bytes[index])
                }
                index += 1
            }
        } while depth > 0 && index < bytes.count
    }
}
