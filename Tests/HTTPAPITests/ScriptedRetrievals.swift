import LatchkeyCore
import PostgreSQL
import WireFormats

/// Answers as the functions about retrievals and documents do, from memory. Nobody erases here, and no quota is met.
final class ScriptedRetrievals: RetrievalRecords {
    struct Retrieval {
        var collector: String
        var clientApp: ClientApp.ID
        var user: User.ID
        var mode: Mode
        var platform: String
        var taxYear: Int
        var result: RetrievalResult?
        var files: [String: RecordedFile] = [:]
    }

    struct Collector {
        let name: String
        let isActive: Bool
    }

    var isAway = false
    let now: UnixTime
    /// By the hash of the key.
    var collectors: [[UInt8]: Collector] = [:]
    /// By the platform.
    var platforms: [String: (name: String, modes: Set<Mode>)] = [:]
    /// Users of active apps, by their modes.
    var users: [User.ID: Mode] = [:]
    var retrievals: [LatchkeyCore.Retrieval.ID: Retrieval] = [:]

    var attempts: [LinkAttempt.ID: ScriptedLinks.Attempt] = [:]

    init(now: UnixTime) {
        self.now = now
    }

    private func collector(_ call: CollectorCall) throws(DatabaseError) -> (RetrievalOutcome, String) {
        if isAway { throw .unreachable }
        guard let found = call.keyHashes.compactMap({ collectors[$0] }).first else { return (.unknownCollector, "") }
        return (found.isActive ? .ok : .disabledCollector, found.name)
    }

    /// A retrieval of the caller.
    private func retrieval(
        _ id: LatchkeyCore.Retrieval.ID, _ call: CollectorCall
    ) throws(DatabaseError) -> (RetrievalOutcome, Retrieval?) {
        let (outcome, name) = try collector(call)
        guard outcome == .ok else { return (outcome, nil) }
        guard let found = retrievals[id], found.collector == name, found.mode == call.mode else {
            return (.unknownRetrieval, nil)
        }
        return (.ok, found)
    }

    func begin(
        _ retrieval: RetrievalBeginning, by call: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, begun: RetrievalRow?) {
        let (outcome, name) = try collector(call)
        guard outcome == .ok else { return (outcome, nil, nil) }
        let wanted: Retrieval
        switch retrieval.subject {
        case .user(let token, let platform, let taxYear):
            wanted = Retrieval(
                collector: name, clientApp: token.clientApp, user: token.user, mode: call.mode, platform: platform,
                taxYear: taxYear)
        case .attempt(let id):
            guard let attempt = attempts[id], attempt.mode == call.mode else { return (.invalidToken, nil, nil) }
            guard attempt.status == .waiting else { return (.finishedRetrieval, attempt.clientApp, nil) }
            attempts[id]?.status = .working
            wanted = Retrieval(
                collector: name, clientApp: attempt.clientApp, user: attempt.user, mode: call.mode,
                platform: attempt.platform, taxYear: attempt.taxYear)
        case nil:
            return (.invalidToken, nil, nil)
        }
        guard users[wanted.user] == call.mode else { return (.invalidToken, nil, nil) }
        guard platforms[wanted.platform]?.modes.contains(call.mode) == true else {
            return (.unknownPlatform, wanted.clientApp, nil)
        }
        retrievals[retrieval.id] = wanted
        return (.ok, wanted.clientApp, RetrievalRow(
            id: retrieval.id, platform: wanted.platform, taxYear: wanted.taxYear, createdAt: now))
    }

    func authorize(
        _ upload: UploadAuthorization, by call: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?) {
        let (outcome, found) = try retrieval(upload.retrieval, call)
        guard let found else { return (outcome, nil) }
        return (found.result == nil ? .ok : .finishedRetrieval, found.clientApp)
    }

    func record(_ file: RecordedFile, by call: CollectorCall) throws(DatabaseError) -> RetrievalOutcome {
        let (outcome, found) = try retrieval(file.retrieval, call)
        guard outcome == .ok, found?.result == nil else { return outcome == .ok ? .finishedRetrieval : outcome }
        retrievals[file.retrieval]?.files[file.fileName] = file
        return .ok
    }

    func isReferenced(sha256: [UInt8]) throws(DatabaseError) -> Bool {
        retrievals.values.contains { $0.files.values.contains { $0.sha256 == sha256 } }
    }

    func finish(
        _ ending: RetrievalEnding, by call: CollectorCall
    ) throws(DatabaseError) -> (outcome: RetrievalOutcome, clientApp: ClientApp.ID?, result: RetrievalResult?) {
        let (outcome, found) = try retrieval(ending.id, call)
        guard let found else { return (outcome, nil, nil) }
        if let result = found.result {
            return (result.status == ending.status ? .ok : .otherStatus, found.clientApp, result)
        }
        let result = RetrievalResult(
            status: ending.status, platform: found.platform, taxYear: found.taxYear,
            documentCount: ending.status == .success ? found.files.count : 0, finishedAt: now)
        retrievals[ending.id]?.result = result
        return (.ok, found.clientApp, result)
    }

    private func published(of user: User.ID) -> [Retrieval] {
        retrievals.values.filter { $0.user == user && $0.result?.status == .success }
    }

    func rows(_ query: PriorYearQuery) throws(DatabaseError) -> PriorYearRows {
        if isAway { throw .unreachable }
        var rows = PriorYearRows()
        for retrieval in published(of: query.user)
        where query.taxYear.map({ $0 == retrieval.taxYear }) ?? (retrieval.taxYear < now.year) {
            rows.platforms.append(.init(
                id: retrieval.platform, name: platforms[retrieval.platform]?.name ?? "", taxYear: retrieval.taxYear,
                lastUsedAt: now, documentCount: retrieval.files.count))
            rows.documents += retrieval.files.values.map { file in
                .init(
                    id: file.id, platform: retrieval.platform, taxYear: retrieval.taxYear, fileName: file.fileName,
                    contentType: file.contentType, size: file.size)
            }.sorted { $0.fileName < $1.fileName }
        }
        return rows
    }

    func content(_ link: DownloadLinks.Link, waited: Duration) throws(DatabaseError) -> DocumentContent? {
        if isAway { throw .unreachable }
        guard users[link.user] == link.mode else { return nil }
        return published(of: link.user).flatMap(\.files.values).first { $0.id == link.document }.map { file in
            DocumentContent(sha256: file.sha256, fileName: file.fileName, contentType: file.contentType)
        }
    }
}
