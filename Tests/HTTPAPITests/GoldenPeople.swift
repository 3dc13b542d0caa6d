import LatchkeyCore
import WireFormats

/// The client apps, credentials and users of the golden files, in a database.
struct People {
    let database = ScriptedDatabase()
    let app = ClientApp.ID(id(1))
    let disabledApp = ClientApp.ID(id(2))
    let appWithWebhooks = ClientApp.ID(id(5))
    let user: User.ID
    let erasedUser = User.ID(id(12))
    let activeApps: Set<ClientApp.ID>
    let values: [String: String]

    /// An id with letters in it, so that its upper case is another text.
    private static func id(_ number: UInt64) -> UUID {
        UUID(high: 0x0195_8c8a_abcd_7000, low: 0x8000_0000_0000_0000 + number)
    }

    init(mode: Mode, hasher: SecretHasher) throws {
        let otherMode: Mode = mode == .production ? .sandbox : .production
        let (sandboxApp, otherApp) = (ClientApp.ID(Self.id(3)), ClientApp.ID(Self.id(4)))
        activeApps = [app, sandboxApp, otherApp, appWithWebhooks]
        let (user, userOfOtherMode, userOfOtherApp) = (Self.id(10), Self.id(11), Self.id(13))
        self.user = User.ID(user)

        let (key, disabledKey, sandboxKey) = (Self.id(20), Self.id(21), Self.id(22))
        func hash(_ secret: String) throws -> [UInt8] { try hasher.hashes(of: secret)[0] }
        database.credentials = [
            key: .init(clientApp: app, secrets: [
                try hash("lk_live_newest"): false, try hash("lk_live_older"): false, try hash("lk_live_expired"): true,
            ]),
            disabledKey: .init(clientApp: disabledApp, isActive: false, secrets: [try hash("lk_live_disabled"): false]),
            sandboxKey: .init(
                clientApp: sandboxApp, isSandboxOnly: true, secrets: [try hash("lk_test_sandbox"): false]),
            Self.id(23): .init(clientApp: appWithWebhooks, secrets: [try hash("lk_live_webhooks"): false]),
        ]
        database.users = [
            .init(clientApp: app, id: user): (mode, false),
            .init(clientApp: app, id: userOfOtherMode): (otherMode, false),
            .init(clientApp: app, id: erasedUser.uuid): (mode, true),
            .init(clientApp: otherApp, id: userOfOtherApp): (mode, false),
        ]
        let idempotentUser = Self.id(14)
        database.users[.init(clientApp: app, id: idempotentUser)] = (mode, false)
        database.usedKeys = [
            .init(clientApp: app, mode: mode, key: "used"): (idempotentUser, true),
            .init(clientApp: app, mode: mode, key: "used-for-a-user"): (user, false),
        ]
        values = [
            "API_KEY": "\(key)", "API_KEY_IN_CAPITALS": "\(key)".uppercased(), "CLIENT_APP": "\(app.uuid)",
            "API_SECRET": "lk_live_newest", "OLDER_API_SECRET": "lk_live_older",
            "EXPIRED_API_SECRET": "lk_live_expired",
            "SANDBOX_API_KEY": "\(sandboxKey)", "SANDBOX_API_SECRET": "lk_test_sandbox",
            "API_SECRET_WITH_WEBHOOKS": "lk_live_webhooks", "DISABLED_CLIENT_APP": "\(disabledApp.uuid)",
            "DISABLED_API_KEY": "\(disabledKey)", "DISABLED_API_SECRET": "lk_live_disabled",
            "USER": "\(user)", "USER_IN_CAPITALS": "\(user)".uppercased(), "USER_OF_OTHER_MODE": "\(userOfOtherMode)",
            "USER_OF_OTHER_APP": "\(userOfOtherApp)", "ERASED_USER": "\(erasedUser.uuid)",
            "UNKNOWN_ID": "\(Self.id(99))", "IDEMPOTENCY_KEY": "used", "IDEMPOTENT_USER": "\(idempotentUser)",
            "NAMED_IDEMPOTENCY_KEY": "used-for-a-user", "UNUSED_IDEMPOTENCY_KEY": "unused",
        ]
    }
}
