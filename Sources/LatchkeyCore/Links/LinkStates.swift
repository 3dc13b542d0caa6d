internal import JOSE
internal import WireFormats

/// Makes and checks what lets a collector begin the retrieval of one attempt, and shows it nothing of the user: a token
/// with the claims `token_type` "link_state", `exp`, `iat`, `jti` (the attempt) and `mode`.
///
/// One per worker: it keeps MAC contexts.
final class LinkStates {
    private let environment: Environment
    private var tools: KeyTools<(signer: Signer, verifier: Verifier)>

    static let lifetime: Duration = .seconds(3600)
    private static let type = "link_state"

    init(keys: KeyRing, environment: Environment) {
        self.environment = environment
        tools = KeyTools(keys) { keys throws(JOSEError) in
            // Nobody but us makes states, and we name the key.
            let policy = TokenPolicy(maximumLifetime: Self.lifetime, keyForMissingKid: .refused)
            return (try Signer(key: keys.tokens.current), try Verifier(keys: keys.tokens, policy: policy))
        }
    }

    func state(of attempt: LinkAttempt.ID, mode: Mode) throws(JOSEError) -> String {
        let now = environment.now
        var json = JSONWriter(capacity: 192)
        json.beginObject()
        json.member("token_type", Self.type)
        json.member("exp", (now + Self.lifetime).secondsSinceEpoch)
        json.member("iat", now.secondsSinceEpoch)
        json.member("jti", AccessToken.ID(attempt.uuid).text)
        json.member("mode", mode.rawValue)
        json.endObject()
        return String(decoding: try tools.current().signer.sign(claims: json.bytes), as: UTF8.self)
    }

    /// The attempt of a state.
    ///
    /// - Throws: ``Refusal/Kind/invalidToken`` for every other text.
    func attempt(of state: ArraySlice<UInt8>, mode: Mode) throws(Refusal) -> LinkAttempt.ID {
        let token: VerifiedToken
        do throws(JOSEError) {
            token = try tools.current().verifier.verify(state, at: environment.now)
        } catch .cryptography(let function, _) {
            throw Refusal(.internalError, reason: "\(function)_failed")
        } catch {
            throw Refusal(.invalidToken, reason: error.reason)
        }
        let claims = token.claims
        guard let type = claims["token_type"], type.equals(Self.type),
            let id = claims["jti"]?.unescapedBytes.flatMap(AccessToken.ID.init), let named = claims["mode"]
        else { throw Refusal(.invalidToken, reason: "invalid_claim") }
        guard named.equals(mode.rawValue) else { throw Refusal(.invalidToken, reason: TokenVerifier.wrongMode) }
        return LinkAttempt.ID(id.uuid)
    }
}
