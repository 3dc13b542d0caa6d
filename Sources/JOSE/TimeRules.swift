internal import WireFormats

/// The claims about time that every token is held to (RFC 7519 sections 4.1.3 to 4.1.6).
struct TimeRules {
    private let leeway: Int64
    private let futureLeeway: Int64
    private let maximumLifetime: Int64

    init(_ policy: TokenPolicy) {
        leeway = policy.leeway.components.seconds
        futureLeeway = policy.futureLeeway.components.seconds
        maximumLifetime = policy.maximumLifetime.components.seconds
    }

    func check(_ claims: JSONObject, at now: UnixTime) throws(JOSEError) -> (issuedAt: UnixTime, expiresAt: UnixTime) {
        guard let expiresAt = try time(claims["exp"], "exp") else { throw .missingClaim("exp") }
        guard let issuedAt = try time(claims["iat"], "iat") else { throw .missingClaim("iat") }
        guard now < expiresAt.advanced(bySeconds: leeway) else { throw .expired }
        let latest = now.advanced(bySeconds: futureLeeway)
        if let notBefore = try time(claims["nbf"], "nbf"), notBefore > latest { throw .notYetValid }
        guard issuedAt <= latest else { throw .issuedInFuture }
        guard expiresAt <= issuedAt.advanced(bySeconds: maximumLifetime) else { throw .lifetimeTooLong }
        guard claims["aud"] == nil else { throw .audiencePresent }
        return (issuedAt, expiresAt)
    }

    /// A NumericDate (RFC 7519 section 2) without its fraction; nil where the claim is absent.
    private func time(_ claim: JSONValue?, _ name: String) throws(JOSEError) -> UnixTime? {
        guard let claim else { return nil }
        if let seconds = claim.integer { return UnixTime(secondsSinceEpoch: seconds) }
        guard let number = claim.number, let seconds = Int64(exactly: number.rounded(.down)) else {
            throw .invalidClaim(name)
        }
        return UnixTime(secondsSinceEpoch: seconds)
    }
}
