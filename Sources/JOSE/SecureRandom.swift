internal import COpenSSL

/// OpenSSL's cryptographically secure random generator, which is seeded by the kernel (RAND_bytes).
public enum SecureRandom {
    /// - Throws: ``JOSEError/cryptography(function:errors:)`` if no randomness is to be had.
    public static func bytes(_ count: Int) throws(JOSEError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard let length = Int32(exactly: count) else {
            throw .cryptography(function: "RAND_bytes", errors: "too many bytes asked for")
        }
        try OpenSSL.require("RAND_bytes") {
            unsafe bytes.withUnsafeMutableBufferPointer { unsafe RAND_bytes($0.baseAddress, length) } == 1
        }
        return bytes
    }

    /// Two random words, as ``UUID/version7(milliseconds:random:)`` takes them.
    public static func uint64Pair() throws(JOSEError) -> (UInt64, UInt64) {
        var words: (UInt64, UInt64) = (0, 0)
        try OpenSSL.require("RAND_bytes") {
            unsafe withUnsafeMutableBytes(of: &words) { words in
                unsafe RAND_bytes(words.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(words.count)) == 1
            }
        }
        return words
    }
}
