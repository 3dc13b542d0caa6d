public import WireFormats

/// A token whose signature and times have been found right.
public struct VerifiedToken: Sendable {
    /// The key that the token named; nil if it named none.
    public let keyID: KeyID?
    public let claims: JSONObject
    public let issuedAt: UnixTime
    public let expiresAt: UnixTime
}
