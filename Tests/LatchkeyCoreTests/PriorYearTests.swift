import JOSE
import PostgreSQL
import Testing
import WireFormats

@testable import LatchkeyCore

private func base64(_ text: String) -> [UInt8] { Base64URL.encode(Array(text.utf8)) }

@Suite("A cursor")
struct PriorYearCursorTests {
    private static let position = PriorYearCursor.Position(taxYear: 2024, name: "1099_INT.pdf", platform: "a-bank")

    private static func longest(_ character: String, _ count: Int) -> PriorYearCursor.Position {
        .init(taxYear: 1, name: String(repeating: character, count: count), platform: String(repeating: "p", count: 64))
    }

    @Test("reads what it wrote", arguments: [
        (nil, position), (position, nil), (position, .init(taxYear: 0, name: "", platform: "")),
        (nil, .init(taxYear: 9999, name: "e\u{301}\"\\\n\u{2028}\u{1f600}", platform: "\u{e9}")),
        (longest("\u{1f600}", 200), longest("\u{2028}", 85)),
    ] as [(PriorYearCursor.Position?, PriorYearCursor.Position?)])
    func roundTrip(platforms: PriorYearCursor.Position?, documents: PriorYearCursor.Position?) throws {
        let cursor = try #require(PriorYearCursor(platforms: platforms, documents: documents))
        let again = try #require(PriorYearCursor(Array(cursor.text.utf8)))
        #expect(again == cursor && again.text == cursor.text)
        #expect(again.documents.map { Array($0.name.utf8) } == documents.map { Array($0.name.utf8) })
    }

    @Test("is this text")
    func text() {
        let cursor = PriorYearCursor(platforms: nil, documents: Self.position)
        #expect(cursor.map { Array($0.text.utf8) } == base64(#"[null,[2024,"1099_INT.pdf","a-bank"]]"#))
    }

    @Test("behind which there is nothing is none")
    func nothing() {
        #expect(PriorYearCursor(platforms: nil, documents: nil) == nil)
    }

    @Test("is no other text", arguments: [
        [], Array("!".utf8), base64(""), base64("null"), base64("{}"), base64("[]"), base64("[null]"),
        base64("[null,null]"), base64("[null,null,null]"), base64("[null,[]]"), base64(#"[null,[2024,"a"]]"#),
        base64(#"[null,[2024,"a","b","c"]]"#), base64(#"[null,["2024","a","b"]]"#), base64(#"[null,[2024,1,"b"]]"#),
        base64(#"[null,[2024,"a",null]]"#), base64(#"[null,[10000,"a","b"]]"#), base64(#"[null,[-1,"a","b"]]"#),
        base64(#"[null,[2024.0,"a","b"]]"#), base64(#"[null,[02024,"a","b"]]"#), base64(#"[null,[-0,"a","b"]]"#),
        base64(#"[ null,[2024,"a","b"]]"#), base64(#"[null,[2024,"\u0061","b"]]"#), base64(#"[null,[2024,"\/","b"]]"#),
        base64(#"[null,[2024,"\u0000","b"]]"#), base64(#"[null,[2024,"a","b"]] "#), base64(#"[false,[2024,"a","b"]]"#),
        base64(#"[{},[2024,"a","b"]]"#), base64(#"[null,[2024,"a","b"]]"#) + Array("=".utf8),
        Base64URL.encode(Array(#"[null,[2024,""#.utf8) + [0xff] + Array(#"","b"]]"#.utf8)),
        base64(#"[null,[2024,"\#(String(repeating: "x", count: 6000))","b"]]"#),
    ] as [[UInt8]])
    func refused(text: [UInt8]) {
        #expect(PriorYearCursor(text) == nil)
    }
}

/// A database with so many rows.
private final class Rows {
    let platforms: [PriorYearPage.Platform]
    let documents: [PriorYearRows.Document]
    private(set) var asked: [PriorYearQuery] = []

    init(platforms: Int, documents: Int) {
        self.platforms = (0..<platforms).map { number in
            .init(
                id: "p\(number)", name: "Platform", taxYear: 2024 - number / 100, lastUsedAt: Fixture.now,
                documentCount: 1)
        }
        self.documents = (0..<documents).map { number in
            .init(
                id: Document.ID(UUID(high: 0xd, low: UInt64(number))), platform: "p", taxYear: 2024 - number / 100,
                fileName: "file \(number)", contentType: "a/b", size: number)
        }
    }

    func rows(_ query: PriorYearQuery) -> PriorYearRows {
        asked.append(query)
        var rows = PriorYearRows()
        let (first, firstDocument) = (start(query.platforms, in: platforms.map {
            .init(taxYear: $0.taxYear, name: $0.name, platform: $0.id)
        }), start(query.documents, in: documents.map {
            .init(taxYear: $0.taxYear, name: $0.fileName, platform: $0.platform)
        }))
        rows.platforms = Array(platforms.dropFirst(first).prefix(query.platforms.limit))
        rows.documents = Array(documents.dropFirst(firstDocument).prefix(query.documents.limit))
        return rows
    }

    private func start(_ part: PriorYearQuery.Part, in all: [PriorYearCursor.Position]) -> Int {
        part.after.flatMap { all.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
    }
}

@Suite("Prior years")
struct PriorYearLinksTests {
    private static let base = BaseURLs(production: "https://p", sandbox: "https://s")

    private func request(after: PriorYearCursor? = nil, taxYear: Int? = nil) -> PriorYearRequest {
        PriorYearRequest(
            clientApp: Fixture.app, user: Fixture.user, mode: .sandbox, taxYear: taxYear, after: after,
            waited: .milliseconds(7))
    }

    @Test("come in pages of 200, each row once and in order", arguments: [
        (0, 0, 1), (1, 1, 1), (200, 200, 1), (201, 0, 2), (0, 201, 2), (200, 201, 2), (201, 200, 2), (450, 3, 3),
        (3, 450, 3), (450, 450, 3), (400, 401, 3), (401, 201, 3),
    ])
    func pages(platforms: Int, documents: Int, pages: Int) throws {
        let database = Rows(platforms: platforms, documents: documents)
        let links = PriorYearLinks(
            keys: try TestKey.ring(), environment: Fixture.environment(), baseURLs: Self.base, rowsOf: database.rows)
        var seen: (platforms: [PriorYearPage.Platform], documents: [Document.ID]) = ([], [])
        var after: PriorYearCursor?
        var count = 0
        repeat {
            let page = try links.page(request(after: after))
            #expect(page.platforms.count <= 200 && page.documents.count <= 200)
            seen.platforms += page.platforms
            seen.documents += page.documents.map(\.id)
            // As a client hands it back.
            after = try page.next.map { try #require(PriorYearCursor(Array($0.text.utf8))) }
            count += 1
        } while after != nil && count < 10
        #expect(count == pages && seen.platforms == database.platforms)
        #expect(seen.documents == database.documents.map(\.id))
        #expect(database.asked.count == pages)
    }

    @Test("ask the database once, for one row more than a page has, and for none of what is over")
    func asked() throws {
        let database = Rows(platforms: 1, documents: 201)
        let links = PriorYearLinks(
            keys: try TestKey.ring(), environment: Fixture.environment(), baseURLs: Self.base, rowsOf: database.rows)
        let next = try links.page(request(taxYear: 2024)).next
        _ = try links.page(request(after: next, taxYear: 2024))
        let last = database.documents[199]
        #expect(database.asked.map(\.platforms) == [.init(limit: 201, after: nil), .init(limit: 0, after: nil)])
        #expect(database.asked.map(\.documents) == [
            .init(limit: 201, after: nil),
            .init(limit: 201, after: .init(taxYear: last.taxYear, name: last.fileName, platform: last.platform)),
        ])
        for query in database.asked {
            #expect(query.clientApp == Fixture.app && query.user == Fixture.user && query.taxYear == 2024)
            #expect(query.waited == .milliseconds(7))
        }
    }

    @Test("carry links that work for 15 minutes")
    func links() throws {
        let ring = try TestKey.ring()
        let database = Rows(platforms: 0, documents: 2)
        let links = PriorYearLinks(
            keys: ring, environment: Fixture.environment(), baseURLs: Self.base, rowsOf: database.rows)
        let page = try links.page(request())
        #expect(page.linksExpire == Fixture.now + .seconds(900))
        let checker = try DownloadLinks(keys: ring.current.keys.downloads, baseURLs: Self.base)
        for document in page.documents {
            #expect(document.downloadURL.hasPrefix("https://s/download/\(document.id.uuid)?link="))
            let link = Array(document.downloadURL.split(separator: "=")[1].utf8)
            #expect(try checker.check(link[...], for: document.id, mode: .sandbox) == .init(
                document: document.id, user: Fixture.user, clientApp: Fixture.app, mode: .sandbox,
                expires: page.linksExpire))
        }
    }

    @Test("say when the database is away")
    func away() throws {
        let links = PriorYearLinks(
            keys: try TestKey.ring(), environment: Fixture.environment(), baseURLs: Self.base
        ) { _ throws(DatabaseError) in throw DatabaseError.unreachable }
        let refusal = refusal { () throws(Refusal) in try links.page(request()) }
        #expect(refusal?.kind == .temporarilyUnavailable && refusal?.reason == "database_unavailable")
    }
}
