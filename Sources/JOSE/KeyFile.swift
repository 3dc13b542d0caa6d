internal import Glibc

extension KeySet {
    /// Reads a private JWK Set from a file that nobody but its owner can read.
    ///
    /// The file must be a regular one of at most 64 KiB, owned by this process's user or by root (root itself may read
    /// everybody's), without any right for group or others. In `$CREDENTIALS_DIRECTORY` the group may read it: there
    /// systemd grants access by an ACL, which shows as that right (systemd.exec(5), LoadCredential). A symbolic link is
    /// followed: what it leads to is judged.
    ///
    /// - Parameter weakListPath: a file of known secrets, one a line, as collections of leaked ones are published; a
    ///   key found in it is refused. It is read piece by piece, so it may be large.
    /// - Throws: ``JOSEError/keyFile(_:)``, a sentence that names the path.
    public static func load(
        fromFile path: String, refusingSecretsIn weakListPath: String? = nil
    ) throws(JOSEError) -> KeySet {
        let file = try File(opening: path)
        let credentialsDirectory = unsafe getenv("CREDENTIALS_DIRECTORY").map { unsafe String(cString: $0) }
        try file.requirePrivate(credentialsDirectory: credentialsDirectory)
        var text = try file.readAll(maximumBytes: maximumBytes)
        // What the parser held is released by then, so this array's storage is the only one.
        defer { wipe(&text) }
        do throws(JOSEError) {
            let keys = try KeySet(parsingJWKSet: text)
            if let weakListPath { try keys.refuseSecrets(listedIn: weakListPath) }
            return keys
        } catch {
            throw .keyFile("\(path): \(error)")
        }
    }

    /// Writes the private JWK Set so that a reader finds the old file or the new one, whole, even after a power
    /// failure.
    ///
    /// The file gets mode 0600. If it replaces another one, it gets that one's owner, so that an administrator may
    /// rotate the keys of a service that runs as another user.
    ///
    /// - Throws: ``JOSEError/keyFile(_:)``, a sentence that names the path.
    public func save(toFile path: String) throws(JOSEError) {
        var text = jwkSet()
        defer { wipe(&text) }
        let suffix = String(try SecureRandom.uint64Pair().0, radix: 16)
        let temporary = "\(path).\(suffix).new"
        do throws(JOSEError) {
            let file = try File(creating: temporary)
            try file.takeOwner(of: path)
            try file.write(text)
            try file.synchronise()
            guard unsafe rename(temporary, path) == 0 else { throw File.failure("replace", path) }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        // The new name itself is on disk only once the folder is.
        try File(openingFolderOf: path).synchronise()
    }
}

extension File {
    /// - Parameters:
    ///   - reader: the user of this process.
    ///   - credentialsDirectory: where systemd puts this service's credentials, without a slash at its end.
    func requirePrivate(reader: uid_t = geteuid(), credentialsDirectory: String?) throws(JOSEError) {
        let status = try status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw .keyFile("\(path) is not a regular file") }
        // Root can read everybody's file anyway, and does so for the administrator of a service with a user of its own.
        guard status.st_uid == reader || status.st_uid == 0 || reader == 0 else {
            throw .keyFile(
                "\(path) belongs to user \(status.st_uid), not to root or user \(reader), who reads it: "
                    + "run chown \(reader) \(path)")
        }
        let isCredential = credentialsDirectory == Self.folder(of: path)
        guard status.st_mode & (isCredential ? 0o037 : 0o077) == 0 else {
            let mode = "0" + String(status.st_mode & 0o777, radix: 8)
            throw .keyFile("\(path) has mode \(mode), which lets others than its owner use it: run chmod 600 \(path)")
        }
    }
}
