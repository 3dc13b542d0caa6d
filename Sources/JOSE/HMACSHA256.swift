internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104, RFC 4231) under one key.
///
/// The key is set up once; each message then reuses the context (`EVP_MAC_init(context, NULL, 0, NULL)`), which costs
/// half of copying a context and a quarter of `HMAC()`. Not Sendable: a context belongs to one thread.
@safe public final class HMACSHA256 {
    private let context: OpaquePointer  // <EVP_MAC_CTX>

    /// - Parameter key: of any length; the caller wipes its own copy.
    /// - Throws: ``JOSEError/cryptography(function:errors:)``.
    public init(key: [UInt8]) throws(JOSEError) {
        unsafe context = try Self.makeContext(key.span)
    }

    /// - Throws: ``JOSEError/algorithmMismatch`` for a key of another algorithm than HS256.
    public convenience init(key: Key) throws(JOSEError) {
        guard let material = key.material as? HMACKey else { throw .algorithmMismatch }
        try self.init(secret: material.secret)
    }

    init(secret: SecretBytes) throws(JOSEError) {
        unsafe context = try secret.withSpan { (key) throws(JOSEError) in unsafe try Self.makeContext(key) }
    }

    deinit {
        // Clears the key (hmac_free in OpenSSL's providers/implementations/macs/hmac_prov.c).
        unsafe EVP_MAC_CTX_free(context)
    }

    private static func makeContext(_ key: Span<UInt8>) throws(JOSEError) -> OpaquePointer {
        ERR_clear_error()
        guard let algorithm = unsafe EVP_MAC_fetch(nil, OSSL_MAC_NAME_HMAC, nil) else {
            throw OpenSSL.failure("EVP_MAC_fetch")
        }
        // The context holds a reference of its own.
        defer { unsafe EVP_MAC_free(algorithm) }
        guard let context = unsafe EVP_MAC_CTX_new(algorithm) else { throw OpenSSL.failure("EVP_MAC_CTX_new") }
        guard unsafe setKey(key, of: context) else {
            unsafe EVP_MAC_CTX_free(context)
            throw OpenSSL.failure("EVP_MAC_init")
        }
        return unsafe context
    }

    private static func setKey(_ key: Span<UInt8>, of context: OpaquePointer) -> Bool {
        // The parameters only point to their name and value: both must outlive them.
        let name = Array(OSSL_MAC_PARAM_DIGEST.utf8CString)
        var digest = Array("SHA256".utf8CString)
        return unsafe name.withUnsafeBufferPointer { name in
            unsafe digest.withUnsafeMutableBufferPointer { digest in
                let parameters = unsafe [
                    OSSL_PARAM_construct_utf8_string(name.baseAddress, digest.baseAddress, 0),
                    OSSL_PARAM_construct_end(),
                ]
                return unsafe key.withUnsafeBufferPointer { key in
                    // A null pointer would mean "the key of before".
                    var none: UInt8 = 0
                    return unsafe withUnsafePointer(to: &none) { none in
                        unsafe EVP_MAC_init(context, key.baseAddress ?? none, key.count, parameters) == 1
                    }
                }
            }
        }
    }

    /// The authentication code of `message`, 32 bytes.
    public func authenticationCode(for message: [UInt8]) throws(JOSEError) -> [UInt8] {
        let code = try code(of: message.span)
        return [UInt8](capacity: code.count) { output in
            for index in code.indices { output.append(code[index]) }
        }
    }

    /// The authentication code of `message`.
    func code(of message: Span<UInt8>) throws(JOSEError) -> InlineArray<32, UInt8> {
        // The error queue is not emptied first: that costs a tenth of the whole, and only return values are judged.
        var code = InlineArray<32, UInt8>(repeating: 0)
        var output = code.mutableSpan
        var length = 0
        let succeeded = unsafe message.withUnsafeBufferPointer { message in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe EVP_MAC_init(context, nil, 0, nil) == 1
                    && EVP_MAC_update(context, message.baseAddress, message.count) == 1
                    && EVP_MAC_final(context, output.baseAddress, &length, output.count) == 1
            }
        }
        guard succeeded, length == 32 else { throw OpenSSL.failure("EVP_MAC") }
        return code
    }
}
