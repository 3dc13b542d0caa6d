import LatchkeyCore
import PostgreSQL
import WireFormats

/// Answers a collector as the test says, and remembers what was asked.
final class ScriptedRecords: RetrievalRecords {
    var begun: Result<(RetrievalOutcome, ClientApp.ID?, RetrievalRow?), DatabaseError>
        = .success((.ok, Fixture.app, ScriptedRecords.begun))
    var authorized: Result<(RetrievalOutcome, ClientApp.ID?), DatabaseError> = .success((.ok, Fixture.app))
    var recorded: Result<RetrievalOutcome, DatabaseError> = .success(.ok)
    var referenced: Result<Bool, DatabaseError> = .success(false)
    var finished: Result<(RetrievalOutcome, ClientApp.ID?, RetrievalResult?), DatabaseError>
        = .success((.ok, Fixture.app, ScriptedRecords.result))
    /// Called within `record`.
    var whileRecording: (RecordedFile) -> Void = { _ in }

    static let result = RetrievalResult(
        status: .success, platform: "first-sandbox-bank", taxYear: 2024, documentCount: 2, finishedAt: Fixture.now)

    static let begun = RetrievalRow(
        id: Retrieval.ID(UUID(high: 0xd1, low: 7)), platform: "b-bank", taxYear: 2020, createdAt: Fixture.now)

    private(set) var beginnings: [(RetrievalBeginning, CollectorCall)] = []
    private(set) var authorizations: [(UploadAuthorization, CollectorCall)] = []
    private(set) var files: [(RecordedFile, CollectorCall)] = []
    private(set) var questions: [[UInt8]] = []
    private(set) var endings: [(RetrievalEnding, CollectorCall)] = []

    func begin(
        _ retrieval: RetrievalBeginning, by collector: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, begun: RetrievalRow?) {
        beginnings.append((retrieval, collector))
        let (outcome, clientApp, row) = try begun.get()
        return (outcome, clientApp, row)
    }

    func authorize(
        _ upload: UploadAuthorization, by collector: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?) {
        authorizations.append((upload, collector))
        let (outcome, clientApp) = try authorized.get()
        return (outcome, clientApp)
    }

    func record(_ file: RecordedFile, by collector: CollectorCall) throws(DatabaseError) -> RetrievalOutcome {
        files.append((file, collector))
        whileRecording(file)
        return try recorded.get()
    }

    func isReferenced(sha256: [UInt8]) throws(DatabaseError) -> Bool {
        questions.append(sha256)
        return try referenced.get()
    }

    func finish(
        _ ending: RetrievalEnding, by collector: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, result: RetrievalResult?) {
        endings.append((ending, collector))
        let (outcome, clientApp, result) = try finished.get()
        return (outcome, clientApp, result)
    }
}
