import HTTPTypes
import LatchkeyCore
import Testing
import WireFormats

@testable import HTTPAPI

@Suite("A request for prior years")
struct PriorYearTests {
    @Test("is answered with the page, its members in their order")
    func page() {
        let desk = Desk()
        desk.page = PriorYearPage(
            platforms: [.init(
                id: "first-sandbox-bank", name: "First \"Sandbox\" Bank", taxYear: 2024,
                lastUsedAt: UnixTime(secondsSinceEpoch: 1_741_815_000), documentCount: 2)],
            documents: [.init(
                id: Desk.document, platform: "first-sandbox-bank", taxYear: 2024, fileName: "1099_INT.pdf",
                contentType: "application/pdf", size: 48_213,
                downloadURL: "https://api.example.com/download/x?link=y")],
            linksExpire: UnixTime(secondsSinceEpoch: 1_741_815_900), next: nil)
        let answer = desk.respond(to: Desk.priorYear())
        #expect(answer.status == 200 && answer.response.headers.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.body == """
            {"taiki_user_id":"\(Desk.user.uuid)","mode":"production","platforms":[{"platform":"first-sandbox-bank",\
            "name":"First \\"Sandbox\\" Bank","tax_year":2024,"last_used_at":"2025-03-12T21:30:00Z",\
            "document_count":2}],\
            "documents":[{"id":"\(Desk.document.uuid)","platform":"first-sandbox-bank","tax_year":2024,\
            "file_name":"1099_INT.pdf","content_type":"application/pdf","total_size_bytes":48213,\
            "download_url":"https://api.example.com/download/x?link=y","expires_at":"2025-03-12T21:45:00Z"}],\
            "next":null}
            """)
    }

    @Test("asks for the token's user, in the mode of the base URL", arguments: Mode.allCases)
    func asks(mode: Mode) throws {
        let desk = Desk()
        var request = Desk.priorYear()
        request.mode = mode
        let answer = desk.respond(to: request)
        #expect(answer.body == """
            {"taiki_user_id":"\(Desk.user.uuid)","mode":"\(mode.rawValue)","platforms":[],"documents":[],"next":null}
            """)
        let asked = try #require(desk.priorYearRequests.first)
        #expect(asked.user == Desk.user && asked.clientApp == Desk.app && asked.mode == mode)
        #expect(asked.taxYear == nil && asked.after == nil)
        #expect(desk.verified.map(\.token) == ["a.b.c"] && desk.verified.map(\.mode) == [mode])
    }

    private static let cursor = PriorYearCursor(
        platforms: nil, documents: .init(taxYear: 2024, name: "\u{e9}+.pdf", platform: "p"))

    @Test("takes a tax year and a cursor, which `next` carries on", arguments: [
        ("", nil, false, "https://api.example.com/api/prior-year?"),
        ("tax_year=2024", 2024, false, "https://api.example.com/api/prior-year?tax_year=2024&"),
        ("x=1&tax_year=0007&y", 7, false, "https://api.example.com/api/prior-year?tax_year=0007&"),
        ("after=CURSOR", nil, true, "https://api.example.com/api/prior-year?"),
        ("tax_year=%32024&after=CURSOR&taxyear=1&Tax_Year=x", 2024, true,
         "https://api.example.com/api/prior-year?tax_year=2024&"),
    ] as [(String, Int?, Bool, String)])
    func query(query: String, taxYear: Int?, hasCursor: Bool, base: String) throws {
        let cursor = try #require(Self.cursor)
        let desk = Desk()
        desk.page = PriorYearPage(
            platforms: [], documents: [], linksExpire: UnixTime(secondsSinceEpoch: 0), next: cursor)
        let answer = desk.respond(to: Desk.priorYear(query.replacing("CURSOR", with: cursor.text)))
        #expect(answer.status == 200 && answer.body.hasSuffix(#","next":"\#(base)after=\#(cursor.text)"}"#))
        #expect(desk.priorYearRequests.map(\.taxYear) == [taxYear])
        #expect(desk.priorYearRequests.map(\.after) == [hasCursor ? cursor : nil])
        #expect(cursor.text.utf8.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "&") })
    }

    @Test("in the sandbox names the sandbox's next page")
    func sandbox() {
        let desk = Desk()
        desk.page = PriorYearPage(
            platforms: [], documents: [], linksExpire: UnixTime(secondsSinceEpoch: 0), next: Self.cursor)
        var request = Desk.priorYear()
        request.mode = .sandbox
        #expect(desk.respond(to: request).body.contains(#""next":"https://sandbox.example.com/api/prior-year?after="#))
    }

    @Test("says what is wrong with its query", arguments: [
        ("tax_year=", "tax_year must be a year of four digits"), ("tax_year", "tax_year must be a year of four digits"),
        ("tax_year=024", "tax_year must be a year of four digits"),
        ("tax_year=20245", "tax_year must be a year of four digits"),
        ("tax_year=+202", "tax_year must be a year of four digits"),
        ("tax_year=-202", "tax_year must be a year of four digits"),
        ("tax_year=2O24", "tax_year must be a year of four digits"),
        ("tax_year=\u{662}\u{660}", "tax_year must be a year of four digits"),
        ("tax_year=2024&tax_year=2024", "tax_year must be given once at most"),
        ("tax_year=x&tax_year=2024", "tax_year must be given once at most"),
        ("after=", "after is not a cursor that this service gave"),
        ("after=bnVsbA", "after is not a cursor that this service gave"),
        ("after=x&after=x", "after must be given once at most"),
        ("after=W251bGwsbnVsbF0", "after is not a cursor that this service gave"),
    ])
    func badQuery(query: String, text: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.priorYear(query))
        #expect(answer.status == 400 && answer.body == #"{"detail":"\#(text)"}"# && answer.response.headers.isEmpty)
        #expect(desk.priorYearRequests.isEmpty)
    }

    @Test("has the errors of verify, before any of the query")
    func errors() {
        for header in [nil, "Basic x", "Bearer", "Bearer a b"] as [String?] {
            let desk = Desk()
            var (request, verify) = (Desk.priorYear("tax_year=x"), Desk.verify(header))
            request.authorization = verify.authorization
            verify.body = .bytes([])
            let (answer, expected) = (desk.respond(to: request), desk.respond(to: verify))
            #expect(answer.status == 401 && answer.response.body == expected.response.body)
            #expect(answer.response.headers == expected.response.headers && desk.asked == 0)
        }
        for kind in [Refusal.Kind.invalidToken, .temporarilyUnavailable, .internalError] {
            let desk = Desk()
            desk.refusal = Refusal(kind, reason: "r")
            let (answer, expected) = (desk.respond(to: Desk.priorYear("tax_year=x")), desk.respond(to: Desk.verify()))
            #expect(answer.status == expected.status && answer.response.body == expected.response.body)
            #expect(answer.response.headers == expected.response.headers && desk.priorYearRequests.isEmpty)
        }
    }
}

@Suite("A request for a document")
struct DownloadTests {
    @Test("is answered with where nginx finds it, and its headers", arguments: ["GET", "HEAD"])
    func opened(method: String) throws {
        let desk = Desk()
        var request = Desk.download("x=1&link=k.p%2Es")
        request.method = .init(method)
        let answer = desk.respond(to: request)
        #expect(answer.status == 200 && answer.response.body.isEmpty && answer.response.clientApp == Desk.app)
        #expect(answer.response.contentType == "application/pdf")
        #expect(answer.response.headers.map { "\($0.name.rawName): \($0.value)" } == [
            "X-Accel-Redirect: /latchkey-documents/ab/abcdef",
            #"Content-Disposition: attachment; filename="1099_INT.pdf"; filename*=UTF-8''1099_INT.pdf"#,
        ])
        let asked = try #require(desk.downloads.first)
        #expect(asked.document == Desk.document && asked.mode == .production && asked.link == Array("k.p.s".utf8))
    }

    @Test("takes the id in any case")
    func upperCase() {
        let desk = Desk()
        var request = Desk.download()
        request.path = .init("/download/\(Desk.document.uuid.description.uppercased())")
        #expect(desk.respond(to: request).status == 200 && desk.downloads.map(\.document) == [Desk.document])
    }

    private static let invalid = #"{"error":"invalid_link","error_description":"The link is not valid"}"#

    @Test("without exactly one link is 403", arguments: ["", "Link=x", "link=x&link=x", "link&link=y", "link%00=x"])
    func noLink(query: String) {
        let desk = Desk()
        let answer = desk.respond(to: Desk.download(query))
        #expect(answer.status == 403 && answer.body == Self.invalid && desk.asked == 0)
    }

    @Test("of no id is 403, too: a changed path is a changed link", arguments: ["", "x", "/", "a/b"])
    func noID(id: String) {
        let desk = Desk()
        var request = Desk.download()
        request.path = .init("/download/\(id)")
        let answer = desk.respond(to: request)
        #expect(answer.status == 403 && answer.body == Self.invalid && desk.asked == 0)
    }

    @Test("is refused as the domain says", arguments: [
        (Refusal.Kind.invalidLink, invalid),
        (.linkExpired, #"{"error":"link_expired","error_description":"The link has expired"}"#),
    ])
    func refused(kind: Refusal.Kind, body: String) {
        let desk = Desk()
        desk.refusal = Refusal(kind, reason: "r")
        let answer = desk.respond(to: Desk.download())
        #expect(answer.status == 403 && answer.body == body && answer.response.headers.isEmpty)
        #expect(answer.response.contentType == "application/json")
    }

    @Test("has the path that the links are made with")
    func path() {
        #expect(Route.taikiDownload.path == "/download/{id}")
    }
}
