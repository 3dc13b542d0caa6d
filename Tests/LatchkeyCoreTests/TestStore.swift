import ContentStore
import Foundation

/// A store of contents in a folder of its own, gone with the test.
final class TestStore {
    let contents: ContentStore
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "latchkey-uploads-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        contents = try ContentStore(folder: folder.path())
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// What is in it, by its path.
    func files() throws -> [String: [UInt8]] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path()).filter { $0.contains("/") }
        return try Dictionary(uniqueKeysWithValues: paths.map { path in
            (path, Array(try Data(contentsOf: folder.appending(path: path))))
        })
    }
}
