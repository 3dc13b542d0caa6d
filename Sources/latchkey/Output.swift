import ArgumentParser
import ContentStore
import Foundation
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

/// What a command has to say, for people and for programs.
protocol Answer {
    /// Lines for people.
    var text: String { get }
    /// The members of one JSON object.
    func write(to json: inout JSONWriter)
    var status: ExitStatus { get }
}

extension Answer {
    var status: ExitStatus { .done }
}

/// A command that asks or changes something: it answers or fails, and this is the only place that prints.
protocol AnsweringCommand: ParsableCommand {
    var common: CommonOptions { get }
    func answer(_ settings: Settings) throws -> any Answer
}

extension AnsweringCommand {
    func run() throws {
        let answer: any Answer
        do {
            answer = try self.answer(try Settings(common))
        } catch {
            let failure = Self.failure(error)
            try? FileHandle.standardError.write(contentsOf: Data(failure.text.utf8))
            throw ExitCode(failure.status.rawValue)
        }
        if common.json {
            var json = JSONWriter()
            json.beginObject()
            answer.write(to: &json)
            json.endObject()
            print(String(decoding: json.bytes, as: UTF8.self))
        } else {
            print(answer.text)
        }
        if answer.status != .done { throw ExitCode(answer.status.rawValue) }
    }

    static func failure(_ error: any Error) -> Failure {
        switch error {
        case let failure as Failure: failure
        case let error as DatabaseError: Failure(error)
        case let error as ContentStoreError: Failure(.failed, error.description)
        default: Failure(.failed, "\(error)")
        }
    }
}

/// `name   value` lines, the values one below the other. What has no value has no line.
func aligned(_ lines: [(name: String, value: String?)]) -> String {
    columns(lines.compactMap { name, value in value.map { [name, $0] } })
}

/// What became of one of several things: `ok        token keys: 2`, and perhaps advice below it.
func line(_ outcome: String, _ name: String, _ finding: String, hint: String?) -> String {
    let gap = String(repeating: " ", count: 10 - outcome.count)
    return outcome + gap + name + ": " + finding.printable + (hint.map { "\n          HINT: \($0)" } ?? "")
}

/// Rows under a heading, the columns one below the other.
func table(_ heading: [String], _ rows: [[String]]) -> String {
    columns([heading] + rows)
}

private func columns(_ rows: [[String]]) -> String {
    let rows = rows.map { $0.map(\.printable) }
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        zip(row, widths).enumerated().map { column, cell in
            // Nothing behind the last column.
            column == count - 1 ? cell.0 : cell.0 + String(repeating: " ", count: cell.1 - cell.0.count)
        }.joined(separator: "   ")
    }.joined(separator: "\n")
}

extension String {
    /// The text in one line and without what could steer a terminal or turn its direction, each such character a `?`.
    var printable: String {
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                // The two joiners belong to words and emoji.
                text.append(scalar == "\u{200c}" || scalar == "\u{200d}" ? scalar : "?")
            default:
                text.append(scalar)
            }
        }
        return String(text)
    }
}
