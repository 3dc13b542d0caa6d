import Foundation
import LatchkeyCore
import Testing

/// What is wrong with a golden file.
struct GoldenMistake: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A request and its answer, word for word: Tests/Golden/README.md describes the format.
struct GoldenFile: Sendable, CustomTestStringConvertible {
    enum Database: String {
        case there, away
        case awayForTooLong = "away for too long"
    }

    typealias Header = (name: String, value: String)

    let name: String
    private(set) var mode = Mode.production
    private(set) var database = Database.there
    let method: String
    let path: String
    let requestHeaders: [Header]
    let requestBody: String
    let status: Int
    let answerHeaders: [Header]
    let answerBody: String

    var testDescription: String { name }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Golden")

    static func all() throws -> [GoldenFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path())
        return try paths.filter { $0.hasSuffix(".http") }.sorted().map { path in
            try GoldenFile(name: path, text: String(contentsOf: folder.appending(path: path), encoding: .utf8))
        }
    }

    init(name: String, text: String) throws {
        self.name = name
        let lines = (text.hasSuffix("\n") ? text.dropLast() : text[...])
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let comments = lines.prefix { $0.hasPrefix("#") }.map { $0.dropFirst().drop { $0 == " " } }
        let rest = lines.dropFirst(comments.count)
        guard let middle = rest.firstIndex(of: "=====") else { throw GoldenMistake("\(name) has no answer") }
        let requestLine = rest[..<middle].first?.split(separator: " ", maxSplits: 1) ?? []
        guard requestLine.count == 2 else { throw GoldenMistake("\(name) has no request line") }
        method = String(requestLine[0])
        path = String(requestLine[1])
        (requestHeaders, requestBody) = try Self.headersAndBody(rest[..<middle].dropFirst(), of: name)
        let answer = rest[(middle + 1)...]
        guard let status = answer.first.flatMap({ Int($0) }) else { throw GoldenMistake("\(name) has no status") }
        self.status = status
        (answerHeaders, answerBody) = try Self.headersAndBody(answer.dropFirst(), of: name)
        for comment in comments { try apply(comment) }
    }

    /// A sentence, or a setting.
    private mutating func apply(_ comment: Substring) throws {
        let parts = comment.split(separator: ": ", maxSplits: 1)
        guard parts.count == 2 else { return }
        switch parts[0] {
        case "mode":
            guard let mode = Mode(rawValue: String(parts[1])) else {
                throw GoldenMistake("\(name): no such mode as \(parts[1])")
            }
            self.mode = mode
        case "database":
            guard let database = Database(rawValue: String(parts[1])) else {
                throw GoldenMistake("\(name): no such database as \(parts[1])")
            }
            self.database = database
        default:
            break
        }
    }

    private static func headersAndBody(_ lines: ArraySlice<String>, of name: String) throws -> ([Header], String) {
        let headers = try lines.prefix { !$0.isEmpty }.map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw GoldenMistake("\(name): not a header: \(line)") }
            return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
        }
        return (headers, lines.dropFirst(headers.count + 1).joined(separator: "\n"))
    }
}
