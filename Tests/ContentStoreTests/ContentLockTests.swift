import Foundation
import Testing

@testable import ContentStore

struct ContentLockTests {
    private let folder: TestFolder
    private let store: ContentStore
    private let name = ContentName(0x42)

    init() throws {
        folder = try TestFolder()
        store = try ContentStore(folder: folder.path)
        _ = try store.put([1], as: name)
    }

    private func mayLock(_ name: ContentName, _ use: ContentLock.Use) throws -> Bool {
        do {
            try store.lock(name, use, deadline: .now + .milliseconds(20)).release()
            return true
        } catch where error.kind == .busy {
            return false
        }
    }

    @Test func `many keep at once, one removes alone, and only among equal beginnings`() throws {
        let keeping = try store.lock(name, .keeping, deadline: .now)
        #expect(try mayLock(name, .keeping))
        #expect(try mayLock(ContentName(0x42, 9), .keeping))
        #expect(try !mayLock(ContentName(0x42, 9), .removing))
        #expect(try mayLock(ContentName(0x43), .removing))
        keeping.release()

        let removing = try store.lock(name, .removing, deadline: .now)
        for use in [ContentLock.Use.keeping, .removing] { #expect(try !mayLock(name, use)) }
        removing.release()
        for use in [ContentLock.Use.keeping, .removing] { #expect(try mayLock(name, use)) }
    }

    @Test func `a lock that nobody released ends with its object`() throws {
        func forget() throws { _ = try store.lock(name, .removing, deadline: .now) }
        try forget()
        #expect(try mayLock(name, .removing))
    }

    @Test func `a lock is waited for`() async throws {
        let held = try store.lock(name, .removing, deadline: .now)
        let start = ContinuousClock.now
        let second = Task.detached { [store, name] in
            let lock = try store.lock(name, .keeping, deadline: .now + .seconds(60))
            lock.release()
            return ContinuousClock.now
        }
        try await Task.sleep(for: .milliseconds(200))
        held.release()
        #expect(try await second.value - start >= .milliseconds(200))
    }

    @Test func `a lock opens nothing but what it locks`() throws {
        let file = try store.newFile()
        let other = try store.lock(ContentName(0x43), .keeping, deadline: .now)
        let removing = try store.lock(name, .removing, deadline: .now)
        #expect(throws: ContentStoreError.self) { try file.keep(as: name, holding: other) }
        #expect(throws: ContentStoreError.self) { try file.keep(as: name, holding: removing) }
        #expect(throws: ContentStoreError.self) { try store.remove(ContentName(0x43), holding: removing) }
        #expect(throws: ContentStoreError.self) { try store.remove(ContentName(0x43), holding: other) }
        removing.release()
        #expect(throws: ContentStoreError.self) { try store.remove(name, holding: removing) }
        #expect(store.contains(name))
    }

    /// As uploads and removals meet: what somebody is told to be there is there as long as he holds the lock.
    @Test func `nobody who holds a lock loses what he kept`() async throws {
        let removed = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask { [store, name] in
                    for _ in 0..<50 {
                        let file = try store.newFile()
                        try file.write([1].span)
                        let lock = try store.lock(name, .keeping, deadline: .now + .seconds(30))
                        defer { lock.release() }
                        _ = try file.keep(as: name, holding: lock)
                        for _ in 0..<20 where !store.contains(name) { throw ContentStoreError(.failed, "it is gone") }
                    }
                    return 0
                }
            }
            for _ in 0..<2 {
                group.addTask { [store, name] in
                    var removed = 0
                    for _ in 0..<50 {
                        let lock = try store.lock(name, .removing, deadline: .now + .seconds(30))
                        defer { lock.release() }
                        if try store.remove(name, holding: lock) { removed += 1 }
                        if store.contains(name) { throw ContentStoreError(.failed, "it is there again") }
                    }
                    return removed
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(removed > 0)
    }
}
