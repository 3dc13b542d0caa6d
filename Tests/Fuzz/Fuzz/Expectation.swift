internal import LatchkeyCore
internal import WireFormats

/// Whether a token is to be accepted, and in which mode: the contract, read a second time, plainly and without haste.
///
/// It shares nothing with the service but the readers of JSON and base64url, which have targets of their own.
struct Expectation {
    let header: JSONObject
    let claims: JSONObject
    /// Of which keys the signature is.
    private let signers: [String]

    /// Nil for what is not three segments: two JSON objects and a signature that one of the keys made.
    init?(_ token: [UInt8]) {
        let parts = token.split(separator: CompactTokenTarget.dot, omittingEmptySubsequences: false)
        guard token.count <= 8192, parts.count == 3,
            let header = Base64URL.decode(parts[0]).flatMap({ try? JSONObject(parsing: $0) }),
            let claims = Base64URL.decode(parts[1]).flatMap({ try? JSONObject(parsing: $0) })
        else { return nil }
        let input = token[..<parts[1].endIndex]
        let signers = World.secrets.filter { secret in
            Base64URL.encode(World.authenticationCode(input, secret)) == Array(parts[2])
        }
        guard !signers.isEmpty else { return nil }
        (self.header, self.claims, self.signers) = (header, claims, signers.map(\.id))
    }

    /// The mode in which the token opens the app; nil where it opens none.
    var mode: Mode? {
        guard isHeaderRight, areTimesRight, areNamesRight else { return nil }
        guard let mode = claims["mode"] else { return .production }
        return mode.string.flatMap(Mode.init)
    }

    private var isHeaderRight: Bool {
        guard header["alg"]?.string == "HS256",
            ["crit", "jku", "jwk", "x5u", "x5c", "zip", "b64"].allSatisfy({ header[$0] == nil })
        else { return false }
        if let type = header["typ"], !["JWT", "JWt", "JwT", "Jwt", "jWT", "jWt", "jwT", "jwt"].contains(type.string) {
            return false
        }
        guard let kid = header["kid"] else { return true }
        return kid.string.map(signers.contains) ?? false
    }

    private var areTimesRight: Bool {
        let now = Double(World.now.secondsSinceEpoch)
        guard let end = seconds(claims["exp"]), let beginning = seconds(claims["iat"]),
            now < end, beginning <= now + 60, end - beginning <= 3600
        else { return false }
        if let notBefore = claims["nbf"] {
            guard let notBefore = seconds(notBefore), notBefore <= now + 60 else { return false }
        }
        return claims["aud"] == nil
    }

    private var areNamesRight: Bool {
        guard claims["token_type"]?.string == "access", let id = bytes("jti"), id.count == 32,
            id.allSatisfy({ "0123456789abcdef".utf8.contains($0) }),
            let app = bytes("client_app_id"), let user = bytes("taiki_user_id").flatMap({ UUID($0) })
        else { return false }
        return lowercased(app).elementsEqual(World.app.uuid.description.utf8)
            && user != World.erasedUser.uuid && !id.elementsEqual(World.revokedToken.text.utf8)
    }

    /// A NumericDate without its fraction, as far as it fits 64 bits.
    private func seconds(_ claim: JSONValue?) -> Double? {
        guard let seconds = claim?.number?.rounded(.down), seconds >= -0x1p63, seconds < 0x1p63 else { return nil }
        return seconds
    }

    /// A text without escapes.
    private func bytes(_ name: String) -> ArraySlice<UInt8>? { claims[name]?.unescapedBytes }

    private func lowercased(_ text: ArraySlice<UInt8>) -> [UInt8] {
        text.map { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) ? $0 + 32 : $0 }
    }
}

extension Expectation {
    /// Holds the service to it.
    static func check(_ token: [UInt8]) {
        let expectation = Expectation(token)
        for mode in Mode.allCases {
            let access = World.verify(token, mode: mode)
            if access != nil {
                expect(expectation != nil, "a token that nobody signed is accepted")
            }
            expect((access != nil) == (expectation?.mode == mode), "\(mode): accepted is \(access != nil)")
            if let access { expectation?.check(access) }
        }
    }

    /// What the service read is what stands there.
    private func check(_ access: AccessToken) {
        expect(bytes("jti").map { $0.elementsEqual(access.id.text.utf8) } == true, "another id was read")
        expect(access.clientApp == World.app, "another app was read")
        expect(bytes("taiki_user_id").flatMap { UUID($0) } == access.user.uuid, "another user was read")
        expect(access.mode == mode, "another mode was read")
        expect(seconds(claims["exp"]) == Double(access.expiresAt.secondsSinceEpoch), "another end was read")
        expect(seconds(claims["iat"]) == Double(access.issuedAt.secondsSinceEpoch), "another beginning was read")
    }
}
