internal import CFiles
import Glibc

/// An open folder. What is in it is reached through its descriptor, so that nobody can put another folder in its place
/// on the way there.
final class Folder: Sendable {
    let descriptor: Int32

    /// - Parameter path: a symbolic link is followed: where the store is, is the operator's decision.
    init(path: String) throws(ContentStoreError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ContentStoreError(.failed, "the folder of the store has no name, or a NUL character in it")
        }
        descriptor = unsafe cfiles_open_folder(path)
        guard descriptor >= 0 else { throw ContentStoreError("open the folder \(path)", errno: errno) }
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// A folder in this one, which must not be a link; nil when there is none.
    func branch(_ name: String) throws(ContentStoreError) -> Folder? {
        let branch = unsafe cfiles_open_branch(descriptor, name)
        if branch < 0, errno == ENOENT { return nil }
        guard branch >= 0 else { throw ContentStoreError("open the folder \(name) of the store", errno: errno) }
        return Folder(descriptor: branch)
    }

    /// Makes a folder, unless it is there.
    ///
    /// - Returns: whether it was made.
    func makeBranch(_ name: String) throws(ContentStoreError) -> Bool {
        if unsafe mkdirat(descriptor, name, 0o750) == 0 { return true }
        guard errno == EEXIST else {
            throw ContentStoreError("make the folder \(name) in the store", errno: errno)
        }
        return false
    }

    /// Lets the group pass, whatever the umask is: the web server reads as a member of it. Looked at each time, since
    /// a process may end between making a folder and this.
    func openToGroup() throws(ContentStoreError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw ContentStoreError("look at a folder of the store", errno: errno)
        }
        // Without the set-group-ID bit, which a service may not be allowed to set: files are made in the folder above,
        // and have their group from there.
        guard status.st_mode & 0o777 != 0o750 else { return }
        guard fchmod(descriptor, 0o750) == 0 else {
            throw ContentStoreError("let the group pass a folder of the store", errno: errno)
        }
    }

    /// fsync(2): what was linked and made in this folder is still there after a power failure.
    func sync() throws(ContentStoreError) {
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { throw ContentStoreError("sync a folder of the store", errno: errno) }
        }
    }

    /// What is in the folder, in no order.
    func names() throws(ContentStoreError) -> [String] {
        // A position of its own: the descriptor's belongs to whoever listed before.
        let listed = unsafe cfiles_open_branch(descriptor, ".")
        guard listed >= 0, let stream = unsafe fdopendir(listed) else {
            let failure = errno
            if listed >= 0 { close(listed) }
            throw ContentStoreError("list a folder of the store", errno: failure)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw ContentStoreError("list a folder of the store", errno: errno) }
        return names
    }

    /// The status of a regular file in this folder; nil when there is none of that name.
    func status(of name: String) -> stat? {
        var status = stat()
        guard unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        return status
    }
}
