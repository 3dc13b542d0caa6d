import Foundation
import Glibc

/// Published test vectors, which are not part of this repository: the folder that `LATCHKEY_TESTDATA` names or, when
/// it is unset, `../shared/testdata` beside the package. Tests that need it are skipped where there is none.
enum TestData {
    static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["LATCHKEY_TESTDATA"] { return URL(filePath: path) }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = package.deletingLastPathComponent().appending(path: "shared/testdata")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    static let isMissing = folder == nil

    static func path(_ path: String) -> String {
        folder?.appending(path: path).path ?? path
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: Self.path(path))))
    }

    /// The names in a folder of the test data, sorted.
    static func names(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.path(path)).sorted()
    }
}

/// A folder of its own for one test, removed with everything in it when the test ends.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "latchkey-\(Foundation.UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file of the mode and gives its path.
    func write(_ bytes: [UInt8], to name: String, mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: false)
    }

    /// Makes a named pipe and gives its path.
    func makePipe(_ name: String) -> String {
        let pipe = "\(path)/\(name)"
        return unsafe mkfifo(pipe, 0o600) == 0 ? pipe : "no pipe"
    }

    /// Changes a file's owner and group; false if that was not allowed.
    func giveAway(_ name: String, user: UInt32, group: UInt32) -> Bool {
        unsafe chown("\(path)/\(name)", user, group) == 0
    }

    func owner(of name: String) throws -> [Int?] {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        return [attributes[.ownerAccountID] as? Int, attributes[.groupOwnerAccountID] as? Int]
    }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    func mode(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int
    }
}
