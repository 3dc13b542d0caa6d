public import WireFormats

/// What a token says of itself. Nothing of it is to be believed: that takes a `TokenVerifier`.
public struct UnverifiedToken: Sendable {
    public let header: JSONObject
    public let claims: JSONObject
    /// The claims as they came.
    public let claimsText: [UInt8]

    /// - Returns: nil for what is not a compact serialization of two JSON objects (RFC 7515, section 3.1).
    public init?(_ token: ArraySlice<UInt8>) {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3,
            let header = Base64URL.decode(parts[0]).flatMap({ try? JSONObject(parsing: $0) }),
            let claimsText = Base64URL.decode(parts[1]), let claims = try? JSONObject(parsing: claimsText)
        else { return nil }
        self.header = header
        self.claims = claims
        self.claimsText = claimsText
    }

    public var id: AccessToken.ID? { claims["jti"]?.unescapedBytes.flatMap(AccessToken.ID.init) }

    public var clientApp: ClientApp.ID? {
        claims["client_app_id"]?.unescapedBytes.flatMap { UUID($0) }.map(ClientApp.ID.init)
    }

    public var user: User.ID? { claims["taiki_user_id"]?.unescapedBytes.flatMap { UUID($0) }.map(User.ID.init) }

    public var issuedAt: UnixTime? { claims["iat"]?.integer.map { UnixTime(secondsSinceEpoch: $0) } }

    public var expiresAt: UnixTime? { claims["exp"]?.integer.map { UnixTime(secondsSinceEpoch: $0) } }
}
