internal import COpenSSL

/// Bytes that are wiped when the last reference to them goes.
///
/// They lie in memory of their own: an array's storage would be copied, and left behind, by any change to a copy.
// Sendable: nothing changes the memory between the end of `init` and `deinit`.
@safe final class SecretBytes: @unchecked Sendable {
    private let storage: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        let storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = unsafe storage.initialize(from: bytes)
        unsafe self.storage = storage
    }

    deinit {
        unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
        unsafe storage.deallocate()
    }

    /// Lends the bytes; `body` must not keep a copy.
    func withSpan<Result, Failure>(_ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(unsafe UnsafeBufferPointer(storage).span)
    }
}
