/// What verify must know of the database to tell the truth, at one moment.
public struct VerifierSnapshot: Sendable {
    /// The counter that every such change bumps.
    public var version: Int64
    public var activeApps: Set<ClientApp.ID>
    /// Users erased so recently that a token of theirs may not have expired yet.
    public var erasedUsers: Set<ErasedUser>
    /// Revoked tokens that have not expired yet.
    public var revokedTokens: Set<AccessToken.ID>

    public struct ErasedUser: Hashable, Sendable {
        public let clientApp: ClientApp.ID
        public let user: User.ID

        public init(clientApp: ClientApp.ID, user: User.ID) {
            self.clientApp = clientApp
            self.user = user
        }
    }

    public init(
        version: Int64, activeApps: Set<ClientApp.ID> = [], erasedUsers: Set<ErasedUser> = [],
        revokedTokens: Set<AccessToken.ID> = []
    ) {
        self.version = version
        self.activeApps = activeApps
        self.erasedUsers = erasedUsers
        self.revokedTokens = revokedTokens
    }
}
