import JOSE
import LatchkeyCore
import PostgreSQL
import Testing
import WireFormats

@Suite("A download link")
struct DownloadLinksTests {
    private static let document = Document.ID(UUID(high: 0x0195_8c8a_1234_7000, low: 0x8000_0000_0000_00d1))
    private static let base = BaseURLs(production: "https://api.example.com", sandbox: "https://sandbox.example.com")
    private static let end = Fixture.now + .seconds(900)

    private func links(_ keys: TestKey...) throws -> DownloadLinks {
        let sets = try keys.map { try TestKey.keySet($0).keys }
        return try DownloadLinks(keys: try KeySet(keys: Array(sets.joined())), baseURLs: Self.base)
    }

    private func url(_ links: DownloadLinks, mode: Mode = .production) throws -> String {
        try links.url(for: Self.document, of: Fixture.user, clientApp: Fixture.app, mode: mode, expires: Self.end)
    }

    /// The value of `link`.
    private func link(of url: String) -> [UInt8] { Array(url.split(separator: "?link=")[1].utf8) }

    @Test("is a URL with what it opens, signed with the first key", arguments: [
        (Mode.production, "https://api.example.com"), (.sandbox, "https://sandbox.example.com"),
    ])
    func url(mode: Mode, base: String) throws {
        // Put together a second time, by the letter of the design.
        let payload = Base64URL.encode(
            Fixture.app.uuid.bytes + Fixture.user.uuid.bytes
                + [0, 0, 0, 0, 0x67, 0xd2, 0x00, 0x5c])
        #expect(Self.end.secondsSinceEpoch == 0x67d2_005c)
        let signed = "2025-05.downloads." + String(decoding: payload, as: UTF8.self)
        let message = "latchkey download v1\u{0}\(mode.rawValue)\u{0}\(Self.document.uuid)\u{0}\(signed)"
        let code = try HMACSHA256(key: TestKey.third.bytes).authenticationCode(for: Array(message.utf8))
        let expected = "\(base)/download/\(Self.document.uuid)?link=\(signed)."
            + String(decoding: Base64URL.encode(code), as: UTF8.self)
        #expect(try url(try links(.third, .first), mode: mode) == expected)
    }

    @Test("opens what it was made for, by any of the keys", arguments: Mode.allCases)
    func right(mode: Mode) throws {
        for (maker, checker) in [
            (try links(.third), try links(.third)), (try links(.third), try links(.first, .third)),
            (try links(.first, .third), try links(.third, .first)),
        ] {
            let text = link(of: try url(maker, mode: mode))
            #expect(try checker.check(text[...], for: Self.document, mode: mode) == .init(
                document: Self.document, user: Fixture.user, clientApp: Fixture.app, mode: mode, expires: Self.end))
        }
    }

    @Test("with any bit changed opens nothing")
    func everyBit() throws {
        let links = try links(.third, .first)
        let text = link(of: try url(links))
        for index in text.indices {
            for bit in 0..<8 {
                var changed = text
                changed[index] ^= 1 << bit
                #expect(try links.check(changed[...], for: Self.document, mode: .production) == nil, "\(index), \(bit)")
            }
        }
    }

    @Test("cut or longer opens nothing")
    func everyLength() throws {
        let links = try links(.third)
        let text = link(of: try url(links))
        for count in 0..<text.count {
            #expect(try links.check(text.prefix(count), for: Self.document, mode: .production) == nil)
            #expect(try links.check(text.suffix(count), for: Self.document, mode: .production) == nil)
        }
        for byte in UInt8.min...UInt8.max {
            #expect(try links.check((text + [byte])[...], for: Self.document, mode: .production) == nil)
            #expect(try links.check(([byte] + text)[...], for: Self.document, mode: .production) == nil)
        }
        // A slice whose indices do not begin with zero.
        let padded = [0, 0] + text
        #expect(try links.check(padded[2...], for: Self.document, mode: .production) != nil)
    }

    @Test("is of one mode, one document and known keys")
    func others() throws {
        let links = try links(.third)
        let text = link(of: try url(links))
        #expect(try links.check(text[...], for: Self.document, mode: .sandbox) == nil)
        let other = Document.ID(UUID(high: Self.document.uuid.high, low: Self.document.uuid.low ^ 1))
        #expect(try links.check(text[...], for: other, mode: .production) == nil)
        #expect(try self.links(.first).check(text[...], for: Self.document, mode: .production) == nil)
        // The same name, another key.
        let stranger = try self.links(TestKey(id: TestKey.third.id, seed: 9))
        #expect(try stranger.check(text[...], for: Self.document, mode: .production) == nil)
    }

    @Test("has an end at any moment that there is", arguments: [Int64.min, -1, 0, 1, .max])
    func ends(seconds: Int64) throws {
        let links = try links(.third)
        let end = UnixTime(secondsSinceEpoch: seconds)
        let text = link(of: try links.url(
            for: Self.document, of: Fixture.user, clientApp: Fixture.app, mode: .sandbox, expires: end))
        #expect(try links.check(text[...], for: Self.document, mode: .sandbox)?.expires == end)
    }
}

@Suite("Downloads")
struct DownloadsTests {
    private static let document = Document.ID(UUID(high: 0xd0, low: 1))
    private static let base = BaseURLs(production: "https://p", sandbox: "https://s")
    private static let content = DocumentContent(
        sha256: [0xab] + [UInt8](repeating: 1, count: 31), fileName: "a.pdf", contentType: "application/pdf")

    private func request(_ ring: KeyRing, lasting seconds: Int64, mode: Mode = .production) throws -> DownloadRequest {
        let links = try DownloadLinks(keys: ring.current.keys.downloads, baseURLs: Self.base)
        let url = try links.url(
            for: Self.document, of: Fixture.user, clientApp: Fixture.app, mode: mode,
            expires: Fixture.now + .seconds(seconds))
        return DownloadRequest(
            mode: mode, document: Self.document, link: Array(url.split(separator: "=")[1].utf8),
            waited: .milliseconds(3))
    }

    @Test("open a document to who has its link", arguments: Mode.allCases)
    func open(mode: Mode) throws {
        let ring = try TestKey.ring()
        var asked: [DownloadLinks.Link] = []
        let downloads = Downloads(keys: ring, environment: Fixture.environment(), baseURLs: Self.base) { link, waited in
            asked.append(link)
            #expect(waited == .milliseconds(3))
            return Self.content
        }
        let opened = try downloads.open(try request(ring, lasting: 1, mode: mode))
        #expect(opened.path == "ab/ab" + String(repeating: "01", count: 31))
        #expect(opened.fileName == "a.pdf" && opened.contentType == "application/pdf")
        #expect(opened.clientApp == Fixture.app)
        #expect(asked == [.init(
            document: Self.document, user: Fixture.user, clientApp: Fixture.app, mode: mode,
            expires: Fixture.now + .seconds(1))])
    }

    @Test("do not ask the database about a link that is over, or none", arguments: [
        (0, Refusal.Kind.linkExpired), (-1, .linkExpired), (-1_000_000, .linkExpired),
    ] as [(Int64, Refusal.Kind)])
    func over(seconds: Int64, kind: Refusal.Kind) throws {
        let ring = try TestKey.ring()
        let downloads = Downloads(keys: ring, environment: Fixture.environment(), baseURLs: Self.base) { _, _ in
            Issue.record("the database was asked")
            return nil
        }
        var request = try request(ring, lasting: seconds)
        #expect(refusal { () throws(Refusal) in try downloads.open(request) }?.kind == kind)
        // Changed, it is not even over.
        request.mode = .sandbox
        #expect(refusal { () throws(Refusal) in try downloads.open(request) }?.kind == .invalidLink)
    }

    @Test("refuse what is gone, and say when the database is away")
    func refusals() throws {
        let ring = try TestKey.ring()
        var answer: Result<DocumentContent?, DatabaseError> = .success(nil)
        let downloads = Downloads(keys: ring, environment: Fixture.environment(), baseURLs: Self.base) {
            _, _ throws(DatabaseError) in try answer.get()
        }
        let request = try request(ring, lasting: 900)
        #expect(refusal { () throws(Refusal) in try downloads.open(request) }?.kind == .invalidLink)
        answer = .failure(.unreachable)
        #expect(refusal { () throws(Refusal) in try downloads.open(request) }?.kind == .temporarilyUnavailable)
        answer = .success(DocumentContent(sha256: [1], fileName: "a", contentType: "a/b"))
        #expect(refusal { () throws(Refusal) in try downloads.open(request) }?.kind == .internalError)
    }

    @Test("take new keys as soon as they are there")
    func rotation() throws {
        let ring = try TestKey.ring()
        let downloads = Downloads(keys: ring, environment: Fixture.environment(), baseURLs: Self.base) { _, _ in
            Self.content
        }
        let old = try request(ring, lasting: 900)
        _ = try downloads.open(old)
        let keys = ring.current.keys
        ring.replace(with: .init(
            tokens: keys.tokens, secretHashes: keys.secretHashes, downloads: try TestKey.keySet(.first)))
        #expect(refusal { () throws(Refusal) in try downloads.open(old) }?.kind == .invalidLink)
        _ = try downloads.open(try request(ring, lasting: 900))
    }
}
