import Foundation
import Testing

@testable import ContentStore

@Suite(.enabled(if: SmallDisk.isPossible, "only who may mount a file system can fill one"))
struct FullDiskTests {
    private func kind(_ body: () throws -> Void) -> ContentStoreError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ContentStoreError)?.kind
        }
    }

    @Test func `a file that does not fit is refused as one, and its space is free again`() throws {
        let disk = try SmallDisk(kibibytes: 256)
        let store = try ContentStore(folder: disk.path)
        let piece = [UInt8](repeating: 1, count: 65_536)
        _ = try store.put(piece, as: ContentName(1))
        func writeTooMuch() throws {
            let file = try store.newFile()
            for _ in 0..<8 { try file.write(piece.span) }
        }
        #expect(kind(writeTooMuch) == .full)
        #expect(try disk.everything() == ["01", ContentName(1).path])
        #expect(try disk.bytes(of: ContentName(1)) == piece)
        _ = try store.put(piece, as: ContentName(2))
        #expect(try disk.bytes(of: ContentName(2)) == piece)
    }

    @Test func `a disk without room for another file or folder is full`() throws {
        // The folder itself, and two more.
        let disk = try SmallDisk(kibibytes: 256, inodes: 3)
        let store = try ContentStore(folder: disk.path)
        var files = [try store.newFile(), try store.newFile()]
        #expect(kind { files.append(try store.newFile()) } == .full)
        #expect(kind { _ = try store.lock(ContentName(1), .keeping, deadline: .now) } == .full)
        files = []
        #expect(try disk.everything() == [])
        _ = try store.put([1], as: ContentName(1))
        #expect(store.contains(ContentName(1)))
    }

    @Test func `a store is opened on a full disk, since what is in it is still to be had`() throws {
        let disk = try SmallDisk(kibibytes: 256, inodes: 3)
        _ = try ContentStore(folder: disk.path).put([1], as: ContentName(1))
        let store = try ContentStore(folder: disk.path)
        #expect(kind { _ = try store.newFile() } == .full)
        #expect(try store.contains(ContentName(1)) && store.take(ContentName(1)))
        _ = try store.newFile()
    }
}
