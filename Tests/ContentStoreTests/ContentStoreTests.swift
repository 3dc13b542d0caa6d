import Foundation
import Testing

@testable import ContentStore

struct ContentStoreTests {
    private let folder: TestFolder
    private let store: ContentStore

    init() throws {
        folder = try TestFolder()
        store = try ContentStore(folder: folder.path)
    }

    @Test func `what was kept is there, whole and read-only`() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let name = ContentName(0xAB)
        #expect(!store.contains(name))
        #expect(try store.put(bytes, as: name))
        #expect(store.contains(name))
        #expect(try folder.bytes(of: name) == bytes)
        #expect(try folder.mode(of: name.path) == 0o440)
        #expect(try folder.mode(of: name.branch) & 0o777 == 0o750)
        #expect(try folder.everything() == ["ab", name.path])
    }

    @Test func `a file's time is that of its content, whoever stores it and when`() throws {
        let time = { (name: ContentName) in
            try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name.path)")[.modificationDate] as? Date
        }
        let name = ContentName(0xFF)
        try #require(try store.put([1], as: name))
        let first = try #require(try time(name))
        try #require(try store.take(name))
        try #require(try store.put([1], as: name))
        #expect(try time(name) == first)
        try #require(try store.put([2], as: ContentName(0xFE)))
        #expect(try time(ContentName(0xFE)) != first)
    }

    @Test func `a content of no bytes is one`() throws {
        #expect(try store.put([], as: ContentName(1)))
        #expect(try folder.bytes(of: ContentName(1)).isEmpty)
    }

    @Test func `equal content is stored once`() throws {
        let name = ContentName(2)
        #expect(try store.put([1, 2, 3], as: name))
        #expect(try !store.put([1, 2, 3], as: name))
        #expect(try folder.everything() == ["02", name.path])
    }

    @Test func `a file that is not kept leaves nothing behind`() throws {
        let file = try store.newFile()
        try file.write([UInt8](repeating: 7, count: 100_000).span)
        #expect(try folder.everything() == [])
        try file.sync()
        #expect(try folder.everything() == [])
    }

    @Test func `a file is kept once, by one name`() throws {
        let file = try store.newFile()
        let lock = try store.lock(ContentName(3), .keeping, deadline: .now)
        #expect(try file.keep(as: ContentName(3), holding: lock))
        #expect(try !file.keep(as: ContentName(3), holding: lock))
    }

    @Test func `what is removed is gone, and a second time there is nothing`() throws {
        let name = ContentName(4)
        #expect(try !store.take(name), "there is not even the folder")
        #expect(try folder.everything() == [], "none is made to remove something")
        _ = try store.put([1], as: name)
        _ = try store.put([1], as: ContentName(4, 1))
        #expect(try store.take(name))
        #expect(try !store.take(name))
        #expect(!store.contains(name) && store.contains(ContentName(4, 1)))
    }

    @Test func `the right of the group is given again where a process ended before it was`() throws {
        let path = "\(folder.path)/05"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        _ = try store.put([1], as: ContentName(5))
        #expect(try folder.mode(of: "05") & 0o777 == 0o750)
    }

    @Test func `the list has the contents and nothing else`() throws {
        let names = [ContentName(0), ContentName(0, 9), ContentName(0xFF)]
        let before = Int64(Date().timeIntervalSince1970) - 1
        for name in names { _ = try store.put([1], as: name) }
        for path in ["zz", "0", "AA"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(path)", withIntermediateDirectories: false)
        }
        try Data([1]).write(to: URL(filePath: "\(folder.path)/00/note.txt"))
        // Named as a content, but of another folder, or no file.
        try Data([1]).write(to: URL(filePath: "\(folder.path)/00/\(names[2].text)"))
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/00/\(ContentName(0, 1).text)", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/00/\(ContentName(0, 2).text)", withDestinationPath: names[0].text)

        #expect(try store.branches() == ["00", "ff"])
        for _ in 0..<2 {
            let listed = try store.contents(of: "00")
            #expect(Set(listed.map(\.name)) == [names[0], names[1]])
            #expect(listed.allSatisfy { (before...before + 60).contains($0.changed) })
        }
        #expect(try store.contents(of: "ff").map(\.name) == [names[2]])
        #expect(try store.contents(of: "77").isEmpty)
        #expect(!store.contains(ContentName(0, 1)) && !store.contains(ContentName(0, 2)))
    }

    @Test func `no link leads out of the folder`() throws {
        let outside = try TestFolder()
        let name = ContentName(6)
        try Data([9]).write(to: URL(filePath: "\(outside.path)/\(name.text)"))
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/06", withDestinationPath: outside.path)
        #expect(!store.contains(name))
        #expect(throws: ContentStoreError.self) { try store.put([1], as: name) }
        #expect(throws: ContentStoreError.self) { try store.take(name) }
        #expect(throws: ContentStoreError.self) { try store.contents(of: "06") }
        #expect(try outside.everything() == [name.text])

        // A link of a content's name is not followed either: it is what is removed.
        let target = "\(outside.path)/\(name.text)"
        _ = try store.put([1], as: ContentName(7, 1))
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/\(ContentName(7).path)", withDestinationPath: target)
        #expect(try !store.put([1], as: ContentName(7)))
        #expect(try store.take(ContentName(7)))
        #expect(FileManager.default.fileExists(atPath: target))
    }

    @Test func `a folder that cannot be one says why`() throws {
        let file = "\(folder.path)/file"
        try Data([1]).write(to: URL(filePath: file))
        for (path, sentence) in [
            ("\(folder.path)/none", "cannot open the folder \(folder.path)/none: No such file or directory"),
            (file, "cannot open the folder \(file): Not a directory"),
            ("/proc/self", "the folder /proc/self cannot be used: cannot make a file in the store: "),
            ("", "the folder of the store has no name, or a NUL character in it"),
            ("/tmp\0/x", "the folder of the store has no name, or a NUL character in it"),
        ] {
            let error = try #require(throws: ContentStoreError.self) { try ContentStore(folder: path) }
            #expect(error.kind == .failed && error.description.hasPrefix(sentence), "\(error)")
        }
    }
}
