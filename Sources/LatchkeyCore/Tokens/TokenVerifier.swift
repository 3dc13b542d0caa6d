public import JOSE

/// Tells whether a token opens the app, without asking the database. One per worker: it keeps the worker's MAC
/// contexts and its copy of the snapshot.
public final class TokenVerifier {
    /// The reason of a refusal that its user can do something about.
    static let wrongMode = "wrong_mode"

    private let keys: KeyRing
    private let snapshots: SnapshotHolder
    private let policy: TokenPolicy
    private let staleAfter: Duration
    private let environment: Environment
    private var verifier: (edition: Int, verifier: Verifier)?
    private var snapshot: (edition: Int, snapshot: VerifierSnapshot)

    /// - Parameter staleAfter: for how long the last snapshot is good enough while the database is away.
    public init(
        keys: KeyRing, snapshots: SnapshotHolder, policy: TokenPolicy, staleAfter: Duration, environment: Environment
    ) {
        self.keys = keys
        self.snapshots = snapshots
        self.policy = policy
        self.staleAfter = staleAfter
        self.environment = environment
        snapshot = snapshots.current
    }

    /// - Parameters:
    ///   - token: the compact serialization (RFC 7515, section 3.1), as the client sent it.
    ///   - mode: that of the base URL that was called.
    public func verify(_ token: ArraySlice<UInt8>, mode: Mode) throws(Refusal) -> AccessToken {
        guard snapshots.age <= staleAfter else {
            throw Refusal(.temporarilyUnavailable, reason: "snapshot_stale")
        }
        let verified: VerifiedToken
        do throws(JOSEError) {
            verified = try currentVerifier().verify(token, at: environment.now)
        } catch .cryptography(let function, _) {
            throw Refusal(.internalError, reason: "\(function)_failed")
        } catch {
            throw Refusal(.invalidToken, reason: error.reason)
        }
        guard let access = AccessToken(verified) else { throw Refusal(.invalidToken, reason: "invalid_claim") }
        try check(access, mode: mode)
        return access
    }

    private func check(_ access: AccessToken, mode: Mode) throws(Refusal) {
        if snapshots.currentEdition != snapshot.edition { snapshot = snapshots.current }
        let known = snapshot.snapshot
        let reason: String
        if access.mode != mode {
            reason = Self.wrongMode
        } else if !known.activeApps.contains(access.clientApp) {
            reason = "unknown_or_disabled_app"
        } else if known.erasedUsers.contains(.init(clientApp: access.clientApp, user: access.user)) {
            reason = "erased_user"
        } else if known.revokedTokens.contains(access.id) {
            reason = "revoked_token"
        } else {
            return
        }
        throw Refusal(.invalidToken, reason: reason, clientApp: access.clientApp)
    }

    private func currentVerifier() throws(JOSEError) -> Verifier {
        if let verifier, verifier.edition == keys.currentEdition { return verifier.verifier }
        let (edition, current) = keys.current
        let made = try Verifier(keys: current.tokens, policy: policy)
        verifier = (edition, made)
        return made
    }
}
