import Glibc
import Synchronization

/// Files named by the SHA-256 of what is in them, in one folder: `<folder>/<first two digits>/<64 digits>`, read-only.
///
/// Many processes use it at once. Each file appears whole and synced, or not at all; and since whoever removes one
/// locks out those who add, it is not removed between the moment in which somebody finds it there and that in which a
/// database says that it is needed.
public struct ContentStore: Sendable {
    let folder: Folder
    /// The branch folders whose own names are known to be on the disk.
    private let synced = SyncedBranches()

    /// Opens the store.
    ///
    /// - Throws: a sentence when the folder is not there, may not be written to, or lies on a file system that cannot
    ///   make a file without a name. That it is full is no reason.
    public init(folder path: String) throws(ContentStoreError) {
        folder = try Folder(path: path)
        do throws(ContentStoreError) {
            _ = try newFile()
        } catch where error.kind != .full {
            throw ContentStoreError(error.kind, "the folder \(path) cannot be used: \(error.description)")
        } catch {}
    }

    /// A file without a name, to be written and then kept.
    public func newFile() throws(ContentStoreError) -> NewFile {
        try NewFile(in: self)
    }

    /// Locks a name, and with it all that begin alike.
    ///
    /// - Parameters:
    ///   - use: for keeping, together with others, or for removing, alone.
    ///   - deadline: how long to wait for others. Then the error's kind is `busy`.
    public func lock(
        _ name: ContentName, _ use: ContentLock.Use, deadline: ContinuousClock.Instant
    ) throws(ContentStoreError) -> ContentLock {
        let branch = name.branch
        var found = try folder.branch(branch)
        // Only where something is to be added: one that an administrator made as root would be closed to the service.
        if found == nil, use == .keeping {
            if try folder.makeBranch(branch) { synced.remove(branch) }
            found = try folder.branch(branch)
        }
        guard let found else { return ContentLock(use, branch: branch, folder: nil) }
        if use == .keeping { try found.openToGroup() }
        try ContentLock.wait(for: found, use, deadline: deadline)
        return ContentLock(use, branch: branch, folder: found)
    }

    /// Removes a file. The folder is not synced: a name that is back after a power failure is one that nobody needs.
    ///
    /// - Returns: false when there was none.
    public func remove(_ name: ContentName, holding lock: ContentLock) throws(ContentStoreError) -> Bool {
        guard let branch = try lock.folder(for: name, .removing) else { return false }
        if unsafe unlinkat(branch.descriptor, name.text, 0) == 0 { return true }
        guard errno == ENOENT else { throw ContentStoreError("remove a file of the store", errno: errno) }
        return false
    }

    public func contains(_ name: ContentName) -> Bool {
        // A folder that cannot be opened holds nothing that anybody could be given.
        guard let branch = try? folder.branch(name.branch) else { return false }
        return branch.status(of: name.text) != nil
    }

    /// The folders that there are, in order.
    public func branches() throws(ContentStoreError) -> [String] {
        try folder.names().filter { ContentName(text: $0 + String(repeating: "0", count: 62)) != nil }.sorted()
    }

    /// What is in one of ``branches()``, in no order, and when it was last changed (its ctime, in seconds since 1970).
    /// What is no file of the store is left out.
    public func contents(of branch: String) throws(ContentStoreError) -> [(name: ContentName, changed: Int64)] {
        guard let branchFolder = try folder.branch(branch) else { return [] }
        return try branchFolder.names().compactMap { text in
            guard let name = ContentName(text: text), name.branch == branch,
                let status = branchFolder.status(of: text)
            else { return nil }
            return (name, Int64(status.st_ctim.tv_sec))
        }
    }

    /// Makes sure that the name of a branch folder is on the disk.
    func syncFolder(of branch: String) throws(ContentStoreError) {
        guard !synced.contains(branch) else { return }
        try folder.sync()
        synced.insert(branch)
    }
}

/// Of all threads of the process.
private final class SyncedBranches: Sendable {
    private let names = Mutex<Set<String>>([])

    func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }
    func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }
    func remove(_ name: String) { names.withLock { _ = $0.remove(name) } }
}
