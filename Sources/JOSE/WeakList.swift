extension KeySet {
    /// Refuses a set with a key that stands in a file of known secrets, one a line.
    ///
    /// - Throws: ``JOSEError/invalidKey(_:_:)`` for such a key, ``JOSEError/keyFile(_:)`` for a file that cannot be
    ///   read.
    func refuseSecrets(listedIn path: String) throws(JOSEError) {
        let file = try File(opening: path)
        // The start of a line whose end has not been read.
        var line: [UInt8] = []
        while case let piece = try file.read(atMost: 64 * 1024), !piece.isEmpty {
            var rest = piece[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += rest[..<end]
                try refuseSecret(line, path)
                line.removeAll(keepingCapacity: true)
                rest = rest[(end + 1)...]
            }
            // No key is as long as that: the rest of such a line is of no interest.
            if line.count <= Self.maximumBytes { line += rest }
        }
        try refuseSecret(line, path)
    }

    private func refuseSecret(_ line: [UInt8], _ path: String) throws(JOSEError) {
        let secret = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
        for key in keys where key.material.isSecret(secret) {
            throw .invalidKey(key.id, "it is one of the known secrets in \(path): make a key of random bytes instead")
        }
    }
}
