internal import COpenSSL

/// Calls OpenSSL and turns a failure into an error with what the thread's error queue says.
///
/// The queue is emptied before, since another library in the same thread may have left something in it
/// (ERR_clear_error), and drained after a failure (ERR_get_error).
enum OpenSSL {
    /// - Parameter call: true if the function succeeded.
    static func require(_ function: String, _ call: () -> Bool) throws(JOSEError) {
        ERR_clear_error()
        guard call() else { throw failure(function) }
    }

    /// The error of a function that has just failed in this thread.
    static func failure(_ function: String) -> JOSEError {
        var errors: [String] = []
        // ERR_get_error removes the oldest error; 0 means that there is none. The queue holds 16.
        while case let code = ERR_get_error(), code != 0, errors.count < 16 {
            let text = unsafe ERR_reason_error_string(code).map { text in unsafe String(cString: text) }
            errors.append(text ?? "error \(code)")
        }
        if errors.isEmpty { errors = ["no reason given"] }
        return .cryptography(function: function, errors: errors.joined(separator: ", "))
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only (CRYPTO_memcmp).
public func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    constantTimeEquals(left.span, right.span)
}

func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
            unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
        }
    }
}

/// Overwrites a secret with zeros and empties the array (OPENSSL_cleanse, which no optimiser removes).
///
/// Only this array is wiped: if its storage is shared with another array, that one keeps the bytes.
public func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes.removeAll()
}
