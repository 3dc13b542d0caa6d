import LatchkeyCore
import WireFormats

/// The origins, sessions and attempts of the golden files.
struct GoldenLinks {
    let records: ScriptedLinks
    let values: [String: String]

    private static let session = "lk_link_open"
    private static let otherSession = "lk_link_other"
    private static let connector = "golden-connector"

    init(mode: Mode, now: UnixTime, hasher: SecretHasher, people: People, tokens: Tokens, documents: ScriptedRetrievals)
        throws {
        let records = ScriptedLinks(people: people.database, retrievals: documents)
        records.appsWithWebhooks = [people.appWithWebhooks]
        records.origins = [people.app: ["https://app.example", "https://localhost:8443"]]
        records.usedTokens = [tokens.used]
        records.connectors = [Self.connector: "https://connector.example/sign-in?from=latchkey"]
        documents.platforms[Self.connector] = ("Golden Connector", [.production, .sandbox])

        self.records = records

        let otherMode: Mode = mode == .production ? .sandbox : .production
        func open(_ key: String, _ mode: Mode) throws -> [UInt8] {
            let hash = try hasher.hashes(of: key)[0]
            records.sessions[hash] = .init(clientApp: people.app, user: people.user, mode: mode)
            return hash
        }
        let (mine, another) = (try open(Self.session, mode), try open(Self.otherSession, mode))
        _ = try open("lk_link_elsewhere", otherMode)
        func add(
            _ number: UInt64, session: [UInt8], mode: Mode = mode, status: LinkAttempt.Status = .waiting,
            files: [LinkAttemptReport.File] = []
        ) -> String {
            let id = LinkAttempt.ID(UUID(high: 0x0195_8c8a_abcd_7000, low: 0x8000_0000_0000_0200 + number))
            let isOver = status == .success || status == .failure
            documents.attempts[id] = .init(
                session: session, clientApp: people.app, user: people.user, mode: mode, platform: Self.connector,
                taxYear: now.year - 1, status: status, finishedAt: isOver ? now : nil, files: files)
            return "\(id.uuid)"
        }
        let (waiting, elsewhere) = (add(1, session: mine), add(2, session: mine, mode: otherMode))
        let finished = add(3, session: mine, status: .success, files: [
            .init(name: "1099_INT.pdf", contentType: "application/pdf", size: 22),
            .init(name: "W-2 f\u{fc}r 2024.txt", contentType: "text/plain", size: 0),
        ])
        let state = try tokens.state(of: waiting, mode: mode)
        values = [
            "SESSION_KEY": Self.session, "SESSION_KEY_OF_OTHER_MODE": "lk_link_elsewhere", "CONNECTOR": Self.connector,
            "ATTEMPT": waiting, "FINISHED_ATTEMPT": finished,
            "FAILED_ATTEMPT": add(4, session: mine, status: .failure),
            "ATTEMPT_OF_OTHER_SESSION": add(5, session: another),
            "STATE": state, "FINISHED_STATE": try tokens.state(of: finished, mode: mode),
            "STATE_OF_OTHER_MODE": try tokens.state(of: elsewhere, mode: otherMode),
            "EXPIRED_STATE": try tokens.state(of: waiting, mode: mode, age: 3600),
            "FORGED_STATE": Tokens.flippingABit(of: state),
        ]
    }
}
