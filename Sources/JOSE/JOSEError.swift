/// Why a token, a key or a key file was refused. No case holds key material or a part of a token.
public enum JOSEError: Error, Hashable, Sendable {
    // MARK: Tokens

    /// Not a compact serialisation (RFC 7515 section 7.1): not three strict base64url segments, or a header that is
    /// not a JSON object with each member once.
    case malformed
    /// More than ``CompactToken/maximumBytes``.
    case tooLarge
    /// A `kid` that names none of the keys, or none where one is required.
    case unknownKey
    /// An `alg` other than the key's own, "none" among them.
    case algorithmMismatch
    /// A `crit` member: no extension is understood (RFC 7515 section 4.1.11).
    case criticalHeader
    /// A header member that would point to a key or change the payload, or a `typ` other than JWT.
    case unsupportedHeader
    /// The signature is not that of the key.
    case badSignature
    /// The signature is right, but the payload is not a JSON object with each member once.
    case malformedClaims
    case missingClaim(String)
    /// A claim of the wrong type or out of all bounds.
    case invalidClaim(String)
    /// The time is at or after `exp` (RFC 7519 section 4.1.4).
    case expired
    /// The time is before `nbf` (RFC 7519 section 4.1.5).
    case notYetValid
    /// `iat` lies in the future (RFC 7519 section 4.1.6).
    case issuedInFuture
    /// `exp` lies further behind `iat` than the policy allows.
    case lifetimeTooLong
    /// An `aud` claim: the token is meant for somebody else (RFC 7519 section 4.1.3).
    case audiencePresent

    // MARK: Keys

    /// A JWK Set that cannot be used; the sentence names no key material.
    case invalidKeySet(String)
    /// A key that cannot be used; the sentence names no key material.
    case invalidKey(KeyID, String)
    /// A file that cannot be read, trusted or written: what is wrong and how to mend it.
    case keyFile(String)

    // MARK: Library

    /// OpenSSL failed: the function, and what its error queue said.
    case cryptography(function: String, errors: String)
}

extension JOSEError: CustomStringConvertible {
    /// A short name for logs, one of a closed list that never changes meaning.
    public var reason: String {
        switch self {
        case .malformed: "malformed"
        case .tooLarge: "too_large"
        case .unknownKey: "unknown_key"
        case .algorithmMismatch: "algorithm_mismatch"
        case .criticalHeader: "critical_header"
        case .unsupportedHeader: "unsupported_header"
        case .badSignature: "bad_signature"
        case .malformedClaims: "malformed_claims"
        case .missingClaim: "missing_claim"
        case .invalidClaim: "invalid_claim"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .issuedInFuture: "issued_in_future"
        case .lifetimeTooLong: "lifetime_too_long"
        case .audiencePresent: "audience_present"
        case .invalidKeySet: "invalid_key_set"
        case .invalidKey: "invalid_key"
        case .keyFile: "key_file"
        case .cryptography: "cryptography"
        }
    }

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .malformed: "the token is not three base64url segments with a JSON header"
        case .tooLarge: "the token is larger than \(CompactToken.maximumBytes) bytes"
        case .unknownKey: "the token names no key of this service"
        case .algorithmMismatch: "the token's algorithm is not that of its key"
        case .criticalHeader: "the token demands an extension that is not understood"
        case .unsupportedHeader: "the token's header has a member that is not supported"
        case .badSignature: "the token's signature is wrong"
        case .malformedClaims: "the token's claims are not a JSON object"
        case .missingClaim(let name): "the token has no claim \(name)"
        case .invalidClaim(let name): "the token's claim \(name) is not valid"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .issuedInFuture: "the token was issued in the future"
        case .lifetimeTooLong: "the token was made for too long a time"
        case .audiencePresent: "the token is for another audience"
        case .invalidKeySet(let sentence): sentence
        case .invalidKey(let id, let sentence): "key \(id): \(sentence)"
        case .keyFile(let sentence): sentence
        case .cryptography(let function, let errors): "\(function) failed: \(errors)"
        }
    }
}
