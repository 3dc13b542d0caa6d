import Foundation

/// Published test vectors, which are not part of this repository: the folder that `LATCHKEY_TESTDATA` names or, when
/// it is unset, `../shared/testdata` beside the package. Tests that need it are skipped where there is none.
enum TestData {
    static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["LATCHKEY_TESTDATA"] { return URL(filePath: path) }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = package.deletingLastPathComponent().appending(path: "shared/testdata")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    static let isMissing = folder == nil

    /// The names in a folder of the test data, sorted.
    static func names(in path: String) throws -> [String] {
        guard let folder else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path).sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let folder else { return [] }
        return [UInt8](try Data(contentsOf: folder.appending(path: path)))
    }
}

extension String {
    /// The UTF-8 bytes.
    var bytes: [UInt8] { Array(utf8) }
}

/// Pseudo-random numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
