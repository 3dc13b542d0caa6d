import Foundation
import JOSE
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@testable import LatchkeyCore

/// A client app, a user, collectors and platforms in a database, and the domain over them as a worker has it.
private final class Office {
    let app = ClientApp.ID(WireFormats.UUID(high: 0xa0, low: .random(in: 1...UInt64.max)))
    let user = User.ID(WireFormats.UUID(high: 0xb0, low: .random(in: 1...UInt64.max)))
    let sandboxUser = User.ID(WireFormats.UUID(high: 0xb1, low: .random(in: 1...UInt64.max)))
    let store: TestStore
    let keys: KeyRing
    let retrievals: Retrievals
    let uploads: UploadRecorder
    let links: PriorYearLinks
    let downloads: Downloads

    static let key = "lk_coll_first"
    static let otherKey = "lk_coll_other"
    static let disabledKey = "lk_coll_disabled"
    private static let base = BaseURLs(production: "https://p", sandbox: "https://s")

    init(quota: Retrieval.Quota = .init()) throws {
        store = try TestStore()
        keys = try TestKey.ring()
        let environment = Environment.live
        let database = DatabaseSession(
            conninfo: try Conninfo(try TestCluster.current.conninfo(user: "latchkey_application")),
            availability: DatabaseAvailability(), deadline: .seconds(10))
        let (app, user, sandboxUser) = (app, user, sandboxUser)
        retrievals = Retrievals(
            keys: keys, environment: environment, database: database,
            verifier: TokenVerifier(
                keys: keys, snapshots: SnapshotHolder(VerifierSnapshot(version: 1, activeApps: [app])),
                policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(3600), environment: environment))
        uploads = UploadRecorder(
            keys: keys, environment: environment, database: database, contents: store.contents, quota: quota)
        links = PriorYearLinks(keys: keys, environment: environment, baseURLs: Self.base, database: database)
        downloads = Downloads(keys: keys, environment: environment, baseURLs: Self.base, database: database)
        try sql("""
            INSERT INTO latchkey.client_apps (id, name) VALUES ('\(app.uuid)', 'Test');
            INSERT INTO latchkey.users (client_app_id, id, mode, last_seen_on)
            VALUES ('\(app.uuid)', '\(user.uuid)', 'production', current_date),
                   ('\(app.uuid)', '\(sandboxUser.uuid)', 'sandbox', current_date);
            SELECT latchkey_admin.create_platform('test', 'a-bank', 'A Bank', true, true, NULL),
                   latchkey_admin.create_platform('test', 'b-bank', 'B Bank', true, false, NULL);
            """)
        for (key, isActive) in [(Self.key, true), (Self.otherKey, true), (Self.disabledKey, false)] {
            let hash = try SecretHasher(keys: keys.current.keys.secretHashes).hashes(of: key)[0]
            let hex = hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            // Several tests share the database.
            let count = try sql("SELECT count(*) FROM latchkey.collectors WHERE key_hash = '\\x\(hex)'")
            guard count == "0" else { continue }
            let id = WireFormats.UUID(high: 0xc0, low: .random(in: 1...UInt64.max))
            try sql("SELECT latchkey_admin.create_collector('test', '\(id)', 'Test', '\\x\(hex)', 'lk_coll_xxxx')")
            if !isActive { try sql("SELECT latchkey_admin.set_collector_active('test', '\(id)', false)") }
        }
    }

    @discardableResult
    func sql(_ text: String) throws -> String {
        try TestCluster.current.run(
            "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--host",
            try TestCluster.current.folder.path, "--username", "postgres", "--dbname", "postgres", "--command", text
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func token(_ user: User.ID, mode: Mode = .production) throws -> String {
        let token = AccessToken(
            id: .init(high: 1, low: 2), clientApp: app, user: user, mode: mode, issuedAt: Environment.live.now)
        let signer = try Signer(key: keys.current.keys.tokens.current)
        return String(decoding: try signer.sign(claims: token.claims), as: UTF8.self)
    }

    func begin(
        key: String = key, user: User.ID? = nil, mode: Mode = .production, platform: String = "a-bank",
        year: Int = 2020
    ) throws -> Retrieval.ID {
        try retrievals.begin(RetrievalRequest(
            mode: mode, collectorKey: key,
            subject: .user(accessToken: try token(user ?? self.user, mode: mode), platform: platform, taxYear: year),
            requestID: "request-1")).id
    }

    @discardableResult
    func upload(
        _ retrieval: Retrieval.ID, _ name: String = "a.pdf", _ text: String = "abc", key: String = key,
        mode: Mode = .production
    ) throws(Refusal) -> StoredFile {
        let request = UploadRequest(
            mode: mode, collectorKey: key, retrieval: retrieval, fileName: name, contentType: "application/pdf",
            size: text.utf8.count)
        return try uploads.record(request) { take throws(Refusal) in
            try take(Array(text.utf8).span)
            return true
        }
    }

    func finish(
        _ retrieval: Retrieval.ID, _ status: Retrieval.Status = .success, key: String = key, mode: Mode = .production,
        metadata: String = "{}"
    ) throws(Refusal) -> FinishedRetrieval {
        try retrievals.finish(FinishRequest(
            mode: mode, collectorKey: key, retrieval: retrieval, status: status, metadata: metadata))
    }

    func page(
        user: User.ID? = nil, mode: Mode = .production, taxYear: Int? = nil, after: PriorYearCursor? = nil
    ) throws -> PriorYearPage {
        try links.page(PriorYearRequest(
            clientApp: app, user: user ?? self.user, mode: mode, taxYear: taxYear, after: after))
    }

    func open(_ document: PriorYearPage.Document, mode: Mode = .production) throws(Refusal) -> OpenedDocument {
        try downloads.open(DownloadRequest(
            mode: mode, document: document.id, link: Array(document.downloadURL.split(separator: "=")[1].utf8)))
    }
}

/// What a call refused with, whatever its other errors.
private func kind<Value>(_ call: () throws -> Value) throws -> Refusal.Kind? {
    do {
        _ = try call()
        return nil
    } catch let refusal as Refusal {
        return refusal.kind
    }
}

@Suite("Retrievals in PostgreSQL", .needsServer, .migratedCluster, .serialized)
struct RetrievalStoreTests {
    @Test("are begun, filled, finished and found again")
    func whole() throws {
        let office = try Office()
        let retrieval = try office.begin()
        let first = try office.upload(retrieval, "b e\u{301}.pdf", "one")
        try office.upload(retrieval, "a.pdf", "two")
        try office.upload(retrieval, "a.pdf", "abc")
        #expect(first.clientApp == office.app)
        #expect(try office.page().documents.isEmpty, "nothing is published yet")

        let finished = try office.finish(retrieval, metadata: #"{ "a": 1.0 }"#)
        #expect(finished.clientApp == office.app && finished.id == retrieval)
        #expect(finished.result.status == .success && finished.result.documentCount == 2)
        #expect(finished.result.platform == "a-bank" && finished.result.taxYear == 2020)
        #expect(try office.sql("SELECT metadata FROM latchkey.retrievals WHERE id = '\(retrieval.uuid)'")
            == #"{ "a": 1.0 }"#)

        let page = try office.page()
        #expect(page.platforms.map(\.id) == ["a-bank"] && page.platforms.map(\.name) == ["A Bank"])
        #expect(page.platforms.map(\.taxYear) == [2020] && page.platforms.map(\.documentCount) == [2])
        #expect(page.platforms.map(\.lastUsedAt) == [finished.result.finishedAt] && page.next == nil)
        #expect(page.documents.map { Array($0.fileName.utf8) } == ["a.pdf", "b e\u{301}.pdf"].map { Array($0.utf8) })
        #expect(page.documents.map(\.size) == [3, 3] && page.documents.map(\.contentType).first == "application/pdf")

        let opened = try office.open(page.documents[0])
        #expect(try office.store.files()[opened.path] == Array("abc".utf8))
        #expect(opened.fileName == "a.pdf" && opened.contentType == "application/pdf" && opened.clientApp == office.app)
        #expect(try kind { try office.open(page.documents[0], mode: .sandbox) } == .invalidLink)
    }

    @Test("are finished once, whatever is asked again")
    func again() throws {
        let office = try Office()
        let retrieval = try office.begin()
        try office.upload(retrieval)
        let first = try office.finish(retrieval)
        #expect(try office.finish(retrieval).result == first.result)
        #expect(try kind { try office.finish(retrieval, .failure) } == .otherStatus)
        #expect(try kind { try office.upload(retrieval) } == .retrievalFinished)
        #expect(try kind { try office.upload(retrieval, "other") } == .retrievalFinished)
        let failed = try office.begin()
        try office.upload(failed, "b.pdf")
        #expect(try office.finish(failed, .failure).result.documentCount == 0)
        #expect(try kind { try office.finish(failed) } == .otherStatus)
        #expect(try office.page().documents.map(\.fileName) == ["a.pdf"])
    }

    @Test("are refused to whoever has no business with them")
    func refusals() throws {
        let office = try Office()
        let retrieval = try office.begin()
        for (key, expected) in [
            ("lk_coll_nobody", Refusal.Kind.invalidCollector), (Office.disabledKey, .invalidCollector),
            ("", .invalidCollector),
        ] {
            #expect(try kind { try office.begin(key: key) } == expected)
            #expect(try kind { try office.upload(retrieval, key: key) } == expected)
            #expect(try kind { try office.finish(retrieval, key: key) } == expected)
        }
        #expect(try kind { try office.upload(retrieval, key: Office.otherKey) } == .unknownRetrieval)
        #expect(try kind { try office.finish(retrieval, key: Office.otherKey) } == .unknownRetrieval)
        #expect(try kind { try office.upload(retrieval, mode: .sandbox) } == .unknownRetrieval)
        #expect(try kind { try office.finish(retrieval, mode: .sandbox) } == .unknownRetrieval)
        let nobody = Retrieval.ID(WireFormats.UUID(high: 1, low: 2))
        #expect(try kind { try office.upload(nobody) } == .unknownRetrieval)
        #expect(try kind { try office.finish(nobody) } == .unknownRetrieval)
        #expect(try kind { try office.begin(platform: "nobody-knows-it") } == .unknownPlatform)
        #expect(try kind { try office.begin(platform: String(repeating: "x", count: 10_000)) } == .unknownPlatform)
        #expect(try kind {
            try office.begin(user: office.sandboxUser, mode: .sandbox, platform: "b-bank")
        } == .unknownPlatform)
        // A user of the other mode, and one that nobody has made.
        #expect(try kind { try office.begin(user: office.sandboxUser) } == .invalidAccessToken)
        #expect(try kind { try office.begin(user: Fixture.user) } == .invalidAccessToken)
        #expect(try office.store.files().isEmpty)
    }

    @Test("hold no more than the quota, and what does not fit leaves nothing")
    func quota() throws {
        let office = try Office(quota: .init(files: 2, bytes: 10))
        let retrieval = try office.begin()
        try office.upload(retrieval, "a", "12345")
        #expect(try kind { try office.upload(retrieval, "b", "123456") } == .overQuota)
        try office.upload(retrieval, "b", "54321")
        #expect(try kind { try office.upload(retrieval, "c", "") } == .overQuota)
        // What is replaced does not count.
        try office.upload(retrieval, "a", "abcde")
        #expect(try office.store.files().values.map { String(decoding: $0, as: UTF8.self) }.sorted()
            == ["12345", "54321", "abcde"], "the replaced content is left to the maintenance")
    }

    @Test("of two modes are apart")
    func modes() throws {
        let office = try Office()
        let retrieval = try office.begin(user: office.sandboxUser, mode: .sandbox)
        try office.upload(retrieval, mode: .sandbox)
        _ = try office.finish(retrieval, mode: .sandbox)
        #expect(try office.page().documents.isEmpty)
        let page = try office.page(user: office.sandboxUser, mode: .sandbox)
        let opened = try office.open(try #require(page.documents.first), mode: .sandbox)
        #expect(opened.fileName == "a.pdf")
    }

    @Test("are read page by page, 450 documents of three years and all platforms once and in order")
    func paging() throws {
        let office = try Office()
        for (year, platform) in [(2020, "a-bank"), (2021, "b-bank"), (2019, "a-bank")] {
            let retrieval = try office.begin(platform: platform, year: year)
            try office.upload(retrieval, "\(year)")
            _ = try office.finish(retrieval)
        }
        // As if 149 more files of each year had come, and one platform more than a page has.
        try office.sql("""
            INSERT INTO latchkey.documents (client_app_id, user_id, id, tax_year, file_name, platform, content_type,
                                            size, sha256, retrieval_id, created_at, retrieved_at)
            SELECT d.client_app_id, d.user_id, gen_random_uuid(), d.tax_year, 'file ' || n, d.platform, d.content_type,
                   n, d.sha256, d.retrieval_id, d.created_at, d.retrieved_at
              FROM latchkey.documents AS d, generate_series(1, 149) AS n
             WHERE d.user_id = '\(office.user.uuid)';
            INSERT INTO latchkey.platform_links (client_app_id, user_id, platform, tax_year, platform_name,
                                                 last_used_at, document_count)
            SELECT '\(office.app.uuid)', '\(office.user.uuid)', 'p' || n, 2018, 'Same name', now(), 0
              FROM generate_series(1, 198) AS n;
            """)
        var (documents, platforms) = ([PriorYearPage.Document](), [PriorYearPage.Platform]())
        var after: PriorYearCursor?
        var counts: [[Int]] = []
        repeat {
            let page = try office.page(after: after)
            documents += page.documents
            platforms += page.platforms
            counts.append([page.platforms.count, page.documents.count])
            after = try page.next.map { try #require(PriorYearCursor(Array($0.text.utf8))) }
        } while after != nil && counts.count < 9
        #expect(counts == [[200, 200], [1, 200], [0, 50]])
        #expect(Set(documents.map(\.id)).count == 450 && Set(platforms.map { "\($0.id) \($0.taxYear)" }).count == 201)
        func key(_ year: Int, _ name: String, _ platform: String) -> [[UInt8]] {
            ["\(9999 - year)", name, platform].map { Array($0.utf8) }
        }
        func isOrdered(_ keys: [[[UInt8]]]) -> Bool {
            zip(keys, keys.dropFirst()).allSatisfy { left, right in
                guard let (a, b) = zip(left, right).first(where: { $0 != $1 }) else { return false }
                return a.lexicographicallyPrecedes(b)
            }
        }
        #expect(isOrdered(documents.map { key($0.taxYear, $0.fileName, $0.platform) }))
        #expect(isOrdered(platforms.map { key($0.taxYear, $0.name, $0.id) }))

        let page = try office.page(taxYear: 2021)
        #expect(page.documents.count == 150 && page.platforms.map(\.id) == ["b-bank"] && page.next == nil)
        #expect(try office.page(taxYear: 1999).documents.isEmpty)
    }

    @Test("of the current year are shown to who asks for it")
    func currentYear() throws {
        let office = try Office()
        let year = Environment.live.now.year
        let retrieval = try office.begin(year: year)
        try office.upload(retrieval)
        _ = try office.finish(retrieval)
        #expect(try office.page().documents.isEmpty && office.page().platforms.isEmpty)
        #expect(try office.page(taxYear: year).documents.count == 1)
    }

    @Test("are gone after an erasure: links open nothing, and uploads find nothing")
    func erasure() throws {
        let office = try Office()
        let retrieval = try office.begin()
        try office.upload(retrieval)
        _ = try office.finish(retrieval)
        let page = try office.page()
        let open = try office.begin()
        try office.upload(open, "open", "x")
        _ = try office.open(page.documents[0])
        try office.sql("SELECT latchkey_admin.erase_user_data('test', '\(office.app.uuid)', '\(office.user.uuid)')")
        #expect(try kind { try office.open(page.documents[0]) } == .invalidLink)
        #expect(try kind { try office.upload(open) } == .unknownRetrieval)
        #expect(try kind { try office.finish(open) } == .unknownRetrieval)
        #expect(try kind { try office.begin() } == .invalidAccessToken)
        #expect(try office.page().documents.isEmpty && office.page().platforms.isEmpty)
    }

    @Test("of a disabled app are closed")
    func disabledApp() throws {
        let office = try Office()
        let retrieval = try office.begin()
        try office.upload(retrieval)
        _ = try office.finish(retrieval)
        let page = try office.page()
        try office.sql("UPDATE latchkey.client_apps SET disabled_at = now() WHERE id = '\(office.app.uuid)'")
        #expect(try kind { try office.open(page.documents[0]) } == .invalidLink)
        #expect(try kind { try office.begin() } == .invalidAccessToken)
    }
}
