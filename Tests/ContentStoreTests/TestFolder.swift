import Foundation
import Testing

@testable import ContentStore

/// A folder of its own for each test, gone with it.
class TestFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "latchkey-store-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// All files and folders in it.
    func everything() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    }

    func bytes(of name: ContentName) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: "\(path)/\(name.path)")))
    }

    func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(self.path)/\(path)")
        return attributes[.posixPermissions] as? Int ?? -1
    }
}

/// A folder on a file system of its own, so small that a test fills it.
final class SmallDisk: TestFolder {
    /// - Parameter inodes: how many files and folders there may be, the first folder among them.
    init(kibibytes: Int, inodes: Int = 100) throws {
        try super.init()
        try #require(Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k,nr_inodes=\(inodes)", "tmpfs", path))
    }

    deinit {
        _ = Self.run("umount", path)
    }

    /// Only root may mount, and not in every container.
    static let isPossible: Bool = (try? SmallDisk(kibibytes: 4)) != nil

    private static func run(_ program: String, _ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

extension ContentName {
    /// A name that begins with these two digits: `branch` from 0 to 255.
    init(_ branch: UInt8, _ last: UInt8 = 0) {
        self.init([branch] + [UInt8](repeating: 0, count: 30) + [last])!
    }
}

extension ContentStore {
    /// Stores a content as an upload does, but for the hash.
    func put(_ bytes: [UInt8], as name: ContentName) throws -> Bool {
        let file = try newFile()
        try file.write(bytes.span)
        try file.sync()
        let lock = try lock(name, .keeping, deadline: .now + .seconds(5))
        defer { lock.release() }
        return try file.keep(as: name, holding: lock)
    }

    func take(_ name: ContentName) throws -> Bool {
        let lock = try lock(name, .removing, deadline: .now + .seconds(5))
        defer { lock.release() }
        return try remove(name, holding: lock)
    }
}
