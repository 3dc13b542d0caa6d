import Foundation

/// What anything in this process writes on stderr, libpq and the test library included, while `operation` runs.
func standardError(during operation: () throws -> Void) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "stderr-\(UInt32.random(in: 0...UInt32.max))")
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    let saved = dup(STDERR_FILENO)
    dup2(handle.fileDescriptor, STDERR_FILENO)
    defer { close(saved) }
    do {
        defer { dup2(saved, STDERR_FILENO) }
        try operation()
    }
    let written = try Data(contentsOf: file)
    try FileHandle.standardError.write(contentsOf: written)
    return String(decoding: written, as: UTF8.self)
}
