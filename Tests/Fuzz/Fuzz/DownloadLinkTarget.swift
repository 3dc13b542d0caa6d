internal import JOSE
internal import LatchkeyCore
internal import WireFormats

/// Any bytes, taken for a link; and their end for its payload, signed with the right key.
enum DownloadLinkTarget {
    private static let document = Document.ID(UUID(high: 0xd1, low: 1))

    // libFuzzer calls from one thread.
    nonisolated(unsafe) private static let links: DownloadLinks = {
        guard let links = try? DownloadLinks(
            keys: World.keySet, baseURLs: BaseURLs(production: "https://p", sandbox: "https://s"))
        else { fatalError("the keys are not usable") }
        return links
    }()

    static func check(_ input: [UInt8]) {
        for mode in Mode.allCases { compare(input, mode) }
        for secret in World.secrets {
            let signed = Array(secret.id.utf8) + [CompactTokenTarget.dot] + Base64URL.encode(input)
            let message = Array("latchkey download v1\u{0}sandbox\u{0}\(document.uuid)\u{0}".utf8) + signed
            let code = World.authenticationCode(message[...], secret)
            let link = signed + [CompactTokenTarget.dot] + Base64URL.encode(code)
            compare(link, .sandbox)
            expect(read(link, .production) == nil, "a link is good in the other mode")
            guard let opened = read(link, .sandbox) else {
                expect(input.count != 40, "a right link is refused")
                continue
            }
            expect(input.count == 40, "a link of another length is taken")
            expect(opened.clientApp.uuid.bytes + opened.user.uuid.bytes == Array(input[..<32]), "another user was read")
            let end = input[32...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            expect(opened.expires.secondsSinceEpoch == Int64(bitPattern: end), "another end was read")
        }
    }

    private static func read(_ link: [UInt8], _ mode: Mode) -> DownloadLinks.Link? {
        guard let opened = try? unsafe links.check(link[...], for: document, mode: mode) else { return nil }
        return opened
    }

    /// A second reading, from the end: what stands before the last two dots is the key's name.
    private static func compare(_ link: [UInt8], _ mode: Mode) {
        var isRight = false
        if let last = link.lastIndex(of: CompactTokenTarget.dot),
            let first = link[..<last].lastIndex(of: CompactTokenTarget.dot),
            let secret = World.secrets.first(where: { Array($0.id.utf8) == Array(link[..<first]) }) {
            let prefix = "latchkey download v1\u{0}\(mode.rawValue)\u{0}\(document.uuid)\u{0}"
            let message = Array(prefix.utf8) + link[..<last]
            isRight = Base64URL.decode(link[(first + 1)..<last])?.count == 40
                && Array(link[(last + 1)...]) == Base64URL.encode(World.authenticationCode(message[...], secret))
        }
        expect((read(link, mode) != nil) == isRight, "\(mode): right is \(isRight)")
    }
}
