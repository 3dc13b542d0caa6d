internal import CFiles
import Glibc

/// A lock on all contents whose names begin alike (flock(2) on their folder), from ``ContentStore/lock(_:_:deadline:)``
/// on until ``release()``. Of two processes that hold one, neither removes.
public final class ContentLock {
    public enum Use: Sendable {
        /// Shared: files are added, and what is there stays.
        case keeping
        /// Exclusive: nobody else adds or removes.
        case removing
    }

    let use: Use
    let branch: String
    /// Nil where there is no such folder: then there is nothing to remove either.
    private var folder: Folder?
    private var isReleased = false

    init(_ use: Use, branch: String, folder: Folder?) {
        self.use = use
        self.branch = branch
        self.folder = folder
    }

    /// Others may go on. Call it when all is done, best in a `defer`: the object itself may go after its last use.
    public func release() {
        // Each lock has opened the folder for itself; closing it ends the lock.
        folder = nil
        isReleased = true
    }

    private static let pause: useconds_t = 2000

    /// Waits until the lock is had.
    static func wait(for folder: Folder, _ use: Use, deadline: ContinuousClock.Instant) throws(ContentStoreError) {
        while cfiles_lock(folder.descriptor, use == .removing ? 1 : 0) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw ContentStoreError("lock a folder of the store", errno: errno)
            }
            guard ContinuousClock.now < deadline else {
                throw ContentStoreError(.busy, "somebody else held a folder of the store for too long")
            }
            usleep(pause)
        }
    }

    /// The folder that is locked.
    ///
    /// - Throws: when the lock is of another folder or use, or has been released.
    func folder(for name: ContentName, _ wanted: Use) throws(ContentStoreError) -> Folder? {
        guard use == wanted, branch == name.branch, !isReleased else {
            throw ContentStoreError(.failed, "cannot use a lock for what it does not lock")
        }
        return folder
    }
}
