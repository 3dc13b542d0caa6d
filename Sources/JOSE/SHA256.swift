internal import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece. Not Sendable: a context belongs to one thread.
@safe public final class SHA256 {
    private let context: OpaquePointer  // <EVP_MD_CTX>

    /// - Throws: ``JOSEError/cryptography(function:errors:)``.
    public init() throws(JOSEError) {
        ERR_clear_error()
        guard let context = unsafe EVP_MD_CTX_new() else { throw OpenSSL.failure("EVP_MD_CTX_new") }
        unsafe self.context = unsafe context
        try begin()
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    private func begin() throws(JOSEError) {
        try OpenSSL.require("EVP_DigestInit_ex") { unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 }
    }

    public func update(_ bytes: Span<UInt8>) throws(JOSEError) {
        try OpenSSL.require("EVP_DigestUpdate") {
            unsafe bytes.withUnsafeBufferPointer { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1 }
        }
    }

    /// The hash of all that came, 32 bytes. What comes after it is another message.
    public func finish() throws(JOSEError) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: 32)
        try OpenSSL.require("EVP_DigestFinal_ex") {
            unsafe hash.withUnsafeMutableBufferPointer { unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil) == 1 }
        }
        try begin()
        return hash
    }
}
