import Foundation

/// The checkout that these tests stand in.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The files in a folder, by their paths from the root; no hidden ones, as build folders are.
    static func files(in folder: String) throws -> [String] {
        let path = root.appending(path: folder).resolvingSymlinksInPath().path()
        return try FileManager.default.subpathsOfDirectory(atPath: path)
            .filter { path in !path.split(separator: "/").contains { $0.hasPrefix(".") } }
            .map { "\(folder)/\($0)" }
            .sorted()
    }

    static func swiftSources() throws -> [SourceFile] { try sources.get() }

    /// Read once for all tests.
    private static let sources = Result {
        try files(in: "Sources").filter { $0.hasSuffix(".swift") }.map { SourceFile(path: $0, text: try text($0)) }
    }
}
