internal import CFiles
import Glibc

/// A file that has no name yet. Where it never gets one, because an upload breaks off or the process ends, the kernel
/// takes it back: nothing is left behind.
public final class NewFile {
    private let descriptor: Int32
    private let store: ContentStore
    private var isSynced = false

    init(in store: ContentStore) throws(ContentStoreError) {
        self.store = store
        descriptor = cfiles_make_nameless(store.folder.descriptor)
        guard descriptor >= 0 else { throw ContentStoreError("make a file in the store", errno: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Appends.
    public func write(_ bytes: Span<UInt8>) throws(ContentStoreError) {
        isSynced = false
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(droppingFirst: written)
            let count = unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ContentStoreError("write a file of the store", errno: errno) }
            written += count
        }
    }

    /// fsync(2): the bytes are on the disk. From here on nobody may write to the file, and the group may read it.
    public func sync() throws(ContentStoreError) {
        guard fchmod(descriptor, 0o440) == 0 else {
            throw ContentStoreError("set the mode of a file of the store", errno: errno)
        }
        while fsync(descriptor) != 0 {
            // Any other failure is final: the kernel may have dropped what it could not write.
            guard errno == EINTR else { throw ContentStoreError("sync a file of the store", errno: errno) }
        }
        isSynced = true
    }

    /// Gives the file its name, which is on the disk then, too.
    ///
    /// - Parameters:
    ///   - name: of what has been written. Nobody looks whether that is true.
    ///   - lock: for keeping that name.
    /// - Returns: false when there was a file of that name, and so of that content: this one is not needed.
    public func keep(as name: ContentName, holding lock: ContentLock) throws(ContentStoreError) -> Bool {
        guard let branch = try lock.folder(for: name, .keeping) else {
            throw ContentStoreError(.failed, "there is no folder for a file of the store")
        }
        if !isSynced { try sync() }
        try setTime(of: name)
        let isNew = unsafe cfiles_link(descriptor, branch.descriptor, name.text) == 0
        guard isNew || errno == EEXIST else { throw ContentStoreError("name a file of the store", errno: errno) }
        // Also where the name was there: whoever linked it may not have come as far as this.
        try branch.sync()
        try store.syncFolder(of: lock.branch)
        return isNew
    }

    /// The time of change that others see is made of the name: a web server makes an ETag of it. So two contents of one
    /// size have two, within a second too, and nobody learns when another user's equal content was stored.
    private func setTime(of name: ContentName) throws(ContentStoreError) {
        // 31 bits: what every file system keeps.
        let seconds = name.bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
        let time = timespec(tv_sec: seconds, tv_nsec: 0)
        let code = unsafe withUnsafeTemporaryAllocation(of: timespec.self, capacity: 2) { times in
            unsafe times.initialize(repeating: time)
            return unsafe futimens(descriptor, times.baseAddress)
        }
        guard code == 0 else { throw ContentStoreError("set the time of a file of the store", errno: errno) }
    }
}
