import LatchkeyCore
import PostgreSQL
import WireFormats

/// Answers the modal as the test says, and remembers what was asked.
final class ScriptedLinkRecords: LinkRecords {
    var initialized: Result<LinkTokenRow, DatabaseError>
        = .success(LinkTokenRow(outcome: .ok, clientApp: Fixture.app, user: Fixture.user, number: 7))
    var known: Result<[String], DatabaseError> = .success(["https://app.example"])
    var opened: Result<(LinkOutcome, UnixTime?), DatabaseError> = .success((.ok, Fixture.now))
    var found: Result<(LinkOutcome, ClientApp.ID?, [LinkPlatform]), DatabaseError> = .success((.ok, Fixture.app, []))
    var begun: Result<(LinkOutcome, ClientApp.ID?, LinkAttemptRow?), DatabaseError>
        = .success((.ok, Fixture.app, ScriptedLinkRecords.row()))
    var read: Result<(LinkOutcome, ClientApp.ID?, LinkAttemptReport?), DatabaseError>
        = .success((.ok, Fixture.app, ScriptedLinkRecords.report))

    static func row(connectorURL: String? = nil) -> LinkAttemptRow {
        LinkAttemptRow(platformName: "A Bank", connectorURL: connectorURL, expiresAt: Fixture.now)
    }

    static let report = LinkAttemptReport(
        status: .working, platform: "a-bank", platformName: "A Bank", taxYear: 2024, finishedAt: nil, files: [])

    private(set) var tokens: [LinkTokenQuery] = []
    private(set) var pages: [(ClientApp.ID, Duration)] = []
    private(set) var openings: [LinkOpening] = []
    private(set) var queries: [(LinkPlatformQuery, LinkSessionCall)] = []
    private(set) var beginnings: [(LinkAttemptBeginning, LinkSessionCall)] = []
    private(set) var questions: [(LinkAttempt.ID, LinkSessionCall)] = []

    func initialize(_ token: LinkTokenQuery) throws(DatabaseError) -> LinkTokenRow {
        tokens.append(token)
        return try initialized.get()
    }

    func origins(of clientApp: ClientApp.ID, waited: Duration) throws(DatabaseError) -> [String] {
        pages.append((clientApp, waited))
        return try known.get()
    }

    func open(_ opening: LinkOpening) throws(DatabaseError) -> (outcome: LinkOutcome, sessionExpires: UnixTime?) {
        openings.append(opening)
        let (outcome, sessionExpires) = try opened.get()
        return (outcome, sessionExpires)
    }

    func platforms(
        _ query: LinkPlatformQuery, of session: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, platforms: [LinkPlatform]) {
        queries.append((query, session))
        let (outcome, clientApp, platforms) = try found.get()
        return (outcome, clientApp, platforms)
    }

    func begin(
        _ attempt: LinkAttemptBeginning, of session: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, begun: LinkAttemptRow?) {
        beginnings.append((attempt, session))
        let (outcome, clientApp, row) = try begun.get()
        return (outcome, clientApp, row)
    }

    func read(
        _ attempt: LinkAttempt.ID, of session: LinkSessionCall
    ) throws(DatabaseError) -> (outcome: LinkOutcome, clientApp: ClientApp.ID?, report: LinkAttemptReport?) {
        questions.append((attempt, session))
        let (outcome, clientApp, report) = try read.get()
        return (outcome, clientApp, report)
    }
}
