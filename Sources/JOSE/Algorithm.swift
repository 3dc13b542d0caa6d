/// The signature algorithms that keys may be of (RFC 7518 section 3.1, RFC 8037 section 3.1).
///
/// The list is closed and has no "none". A raw value is the one spelling of the `alg` member that is accepted.
/// A further family is a file of its own with a ``KeyMaterial``, a case here and its row below.
public enum Algorithm: String, CaseIterable, Hashable, Sendable {
    /// HMAC with SHA-256 (RFC 7518 section 3.2).
    case HS256

    /// What reads, writes and uses keys of this algorithm.
    var family: any KeyMaterial.Type {
        switch self {
        case .HS256: HMACKey.self
        }
    }
}
