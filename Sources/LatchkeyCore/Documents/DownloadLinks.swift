public import JOSE
public import WireFormats

/// Makes and checks the URLs that open one document for a short time, without a header:
/// `<base URL>/download/<document>?link=<kid>.<P>.<S>`.
///
/// P is the base64url of 40 bytes: client app, user, and the end of the time in seconds since 1970, big-endian. S is
/// the base64url of the HMAC with SHA-256 of mode, document and `<kid>.<P>`. Not Sendable: it keeps the MAC contexts
/// of one thread.
public final class DownloadLinks {
    /// What a link opens, and until when.
    public struct Link: Sendable, Equatable {
        public let document: Document.ID
        public let user: User.ID
        public let clientApp: ClientApp.ID
        public let mode: Mode
        public let expires: UnixTime

        public init(
            document: Document.ID, user: User.ID, clientApp: ClientApp.ID, mode: Mode, expires: UnixTime
        ) {
            self.document = document
            self.user = user
            self.clientApp = clientApp
            self.mode = mode
            self.expires = expires
        }
    }

    /// How long a link works from the answer, or the webhook, that carried it.
    public static let lifetime: Duration = .seconds(900)

    private static let payloadBytes = 40
    /// Base64url of `payloadBytes` and of a MAC. Both lengths are fixed, since a key's name may have dots in it.
    private static let payloadCharacters = 54
    private static let codeCharacters = 43

    private let keys: [(id: [UInt8], code: HMACSHA256)]
    private let baseURLs: BaseURLs

    /// - Parameter keys: the first signs, all are good for a check.
    public init(keys: KeySet, baseURLs: BaseURLs) throws(JOSEError) {
        var made: [(id: [UInt8], code: HMACSHA256)] = []
        for key in keys.keys { made.append((Array(key.id.description.utf8), try HMACSHA256(key: key))) }
        self.keys = made
        self.baseURLs = baseURLs
    }

    public func url(
        for document: Document.ID, of user: User.ID, clientApp: ClientApp.ID, mode: Mode, expires: UnixTime
    ) throws(JOSEError) -> String {
        let key = keys[0]
        let end = UInt64(bitPattern: expires.secondsSinceEpoch)
        var link = key.id
        link.append(UInt8(ascii: "."))
        Base64URL.append(
            clientApp.uuid.bytes + user.uuid.bytes + stride(from: UInt64(56), through: 0, by: -8).map { shift in
                UInt8(truncatingIfNeeded: end >> shift)
            }, to: &link)
        let code = try key.code.authenticationCode(for: Self.message(link[...], document, mode))
        link.append(UInt8(ascii: "."))
        Base64URL.append(code, to: &link)
        return "\(baseURLs[mode])/download/\(document.uuid)?link=\(String(decoding: link, as: UTF8.self))"
    }

    /// What a link opens whose signature is right, over or not; nil for any other text.
    ///
    /// - Parameters:
    ///   - text: the value of `link`.
    ///   - document: the one that the URL's path names.
    ///   - mode: that of the base URL that was called.
    public func check(
        _ text: ArraySlice<UInt8>, for document: Document.ID, mode: Mode
    ) throws(JOSEError) -> Link? {
        let signed = text.dropLast(Self.codeCharacters + 1)
        let kid = signed.dropLast(Self.payloadCharacters + 1)
        let dot = UInt8(ascii: ".")
        // Where the text is too short for one of the three, there is no such place or another byte stands there.
        guard let key = keys.first(where: { $0.id == Array(kid) }), text[kid.endIndex] == dot,
            text[signed.endIndex] == dot,
            let payload = Base64URL.decode(signed[(kid.endIndex + 1)...]),
            let given = Base64URL.decode(text[(signed.endIndex + 1)...])
        else { return nil }
        let expected = try key.code.authenticationCode(for: Self.message(signed, document, mode))
        guard constantTimeEquals(expected, given), payload.count == Self.payloadBytes,
            let clientApp = UUID(bytes: payload[..<16]), let user = UUID(bytes: payload[16..<32])
        else { return nil }
        let end = payload[32...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Link(
            document: document, user: User.ID(user), clientApp: ClientApp.ID(clientApp), mode: mode,
            expires: UnixTime(secondsSinceEpoch: Int64(bitPattern: end)))
    }

    private static func message(_ link: ArraySlice<UInt8>, _ document: Document.ID, _ mode: Mode) -> [UInt8] {
        var bytes = Array("latchkey download v1\u{0}\(mode.rawValue)\u{0}\(document.uuid)\u{0}".utf8)
        bytes.append(contentsOf: link)
        return bytes
    }
}
