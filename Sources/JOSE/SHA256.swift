internal import COpenSSL

/// The hash function of FIPS 180-4 (EVP_Digest).
public enum SHA256 {
    /// The hash of `bytes`, 32 bytes.
    public static func hash(_ bytes: [UInt8]) throws(JOSEError) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: 32)
        try OpenSSL.require("EVP_Digest") {
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe hash.withUnsafeMutableBufferPointer { hash in
                    unsafe EVP_Digest(bytes.baseAddress, bytes.count, hash.baseAddress, nil, EVP_sha256(), nil) == 1
                }
            }
        }
        return hash
    }
}
