import ContentStore
import Foundation
import JOSE
import LatchkeyCore
import WireFormats

/// The collectors, retrievals, documents and links of the golden files, and the store that their files are in.
final class GoldenDocuments {
    let database: ScriptedRetrievals
    let contents: ContentStore
    private(set) var values: [String: String] = [:]
    private let folder: URL

    static let baseURLs = BaseURLs(production: "https://api.example.com", sandbox: "https://sandbox.example.com")
    private static let bank = "first-sandbox-bank"

    /// - Parameter returning: the user who has documents.
    init(mode: Mode, now: UnixTime, keys: KeyRing, people: People, returning: User.ID) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "latchkey-golden-\(Foundation.UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        contents = try ContentStore(folder: folder.path())
        database = ScriptedRetrievals(now: now)
        database.platforms = [
            Self.bank: ("First Sandbox Bank", [.sandbox]), "golden-bank": ("Golden Bank", [.production, .sandbox]),
        ]
        database.users = [people.user: mode, returning: mode]
        let hasher = try SecretHasher(keys: keys.current.keys.secretHashes)
        database.collectors = [
            try hasher.hashes(of: "lk_coll_active")[0]: .init(name: "active", isActive: true),
            try hasher.hashes(of: "lk_coll_disabled")[0]: .init(name: "disabled", isActive: false),
        ]

        let lastYear = now.year - 1
        func add(_ number: UInt64, collector: String = "active", mode: Mode, user: User.ID, platform: String)
            -> Retrieval.ID {
            let id = Retrieval.ID(UUID(high: 0x0195_8c8a_abcd_7000, low: 0x8000_0000_0000_0100 + number))
            database.retrievals[id] = .init(
                collector: collector, clientApp: people.app, user: user, mode: mode, platform: platform,
                taxYear: lastYear)
            return id
        }
        let otherMode: Mode = mode == .production ? .sandbox : .production
        let finished = add(1, mode: mode, user: returning, platform: Self.bank)
        values = [
            "COLLECTOR_KEY": "lk_coll_active", "DISABLED_COLLECTOR_KEY": "lk_coll_disabled", "PLATFORM": "golden-bank",
            "LAST_YEAR": "\(lastYear)", "THIS_YEAR": "\(now.year)", "NEXT_YEAR": "\(now.year + 1)",
            "RETURNING_USER": "\(returning.uuid)", "FINISHED_RETRIEVAL": "\(finished.uuid)",
            "RETRIEVAL": "\(add(2, mode: mode, user: people.user, platform: "golden-bank").uuid)",
            "UNFINISHED_RETRIEVAL": "\(add(3, mode: mode, user: people.user, platform: "golden-bank").uuid)",
            "RETRIEVAL_OF_OTHER_COLLECTOR":
                "\(add(4, collector: "another", mode: mode, user: people.user, platform: "golden-bank").uuid)",
            "RETRIEVAL_OF_OTHER_MODE":
                "\(add(5, mode: otherMode, user: people.user, platform: "golden-bank").uuid)",
        ]
        try fill(finished, keys, mode)
        try makeLinks(finished, mode, now, keys, people, returning)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Two files, and then the end.
    private func fill(_ retrieval: Retrieval.ID, _ keys: KeyRing, _ mode: Mode) throws {
        let environment = Environment.live
        let recorder = UploadRecorder(
            keys: keys, environment: environment, records: database, contents: contents, quota: .init())
        for (name, type, text) in [
            ("1099_INT.pdf", "application/pdf", "%PDF-1.7 of last year."), ("W-2 f\u{fc}r 2024.txt", "text/plain", ""),
        ] {
            let upload = UploadRequest(
                mode: mode, collectorKey: "lk_coll_active", retrieval: retrieval, fileName: name, contentType: type,
                size: text.utf8.count)
            _ = try recorder.record(upload) { take throws(Refusal) in
                try take(Array(text.utf8).span)
                return true
            }
        }
        let retrievals = Retrievals(keys: keys, environment: environment, records: database) { _, _ throws(Refusal) in
            throw Refusal(.invalidToken, reason: "nobody asks here")
        }
        _ = try retrievals.finish(FinishRequest(
            mode: mode, collectorKey: "lk_coll_active", retrieval: retrieval, status: .success, metadata: "{}"))
    }

    private func makeLinks(
        _ retrieval: Retrieval.ID, _ mode: Mode, _ now: UnixTime, _ keys: KeyRing, _ people: People,
        _ returning: User.ID
    ) throws {
        guard let document = database.retrievals[retrieval]?.files["1099_INT.pdf"]?.id else {
            throw GoldenMistake("no document was stored")
        }
        let links = try DownloadLinks(keys: keys.current.keys.downloads, baseURLs: Self.baseURLs)
        func link(_ user: User.ID, _ mode: Mode, lasting: Duration) throws -> String {
            let url = try links.url(
                for: document, of: user, clientApp: people.app, mode: mode, expires: now + lasting)
            return String(url.split(separator: "?link=")[1])
        }
        let right = try link(returning, mode, lasting: .seconds(900))
        var forged = Array(right.utf8)
        forged[forged.count - 10] ^= forged[forged.count - 10] == UInt8(ascii: "A") ? 3 : 1
        values.merge([
            "DOCUMENT": "\(document.uuid)", "LINK": right,
            "FORGED_LINK": String(decoding: forged, as: UTF8.self),
            "EXPIRED_LINK": try link(returning, mode, lasting: .zero),
            "LINK_OF_ERASED_USER": try link(people.erasedUser, mode, lasting: .seconds(900)),
            "LINK_OF_OTHER_MODE": try link(
                returning, mode == .production ? .sandbox : .production, lasting: .seconds(900)),
        ]) { $1 }
    }

    /// What nginx sends for an answer: the file that it was told of, or the answer's own body.
    func body(of path: String?, or body: [UInt8]) throws -> [UInt8] {
        guard let path else { return body }
        // The page is nginx's.
        if path == "/latchkey-link-page" { return Array("<!doctype html>\n".utf8) }
        guard path.hasPrefix("/latchkey-documents/") else { throw GoldenMistake("nginx knows no \(path)") }
        return try Array(Data(contentsOf: folder.appending(path: path.dropFirst("/latchkey-documents/".count))))
    }
}
