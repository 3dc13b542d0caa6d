import JOSE
import LatchkeyCore
import WireFormats

/// The tokens of the golden files, made by hand: no signer would make most of them.
struct Tokens {
    let revoked = AccessToken.ID(high: 0, low: 2)
    let used = AccessToken.ID(high: 0, low: 3)
    private let key: Key
    private let now: UnixTime
    let returningUser = User.ID(UUID(high: 0x0195_8c8a_abcd_7000, low: 0x8000_0000_0000_0015))
    let values: [String: String]

    init(keys: KeySet, mode: Mode, now: UnixTime, people: People) throws {
        let key = keys.current
        self.key = key
        self.now = now
        let otherMode = mode == .production ? Mode.sandbox : .production
        func token(_ claims: Claims = Claims(), header: String? = nil, key: Key = key) throws -> String {
            let text = claims.text(mode: mode, now: now, people: people)
            return try Self.signed(text, header: header ?? #"{"alg":"HS256","typ":"JWT","kid":"\#(key.id)"}"#, key: key)
        }
        func header(_ rest: String) -> String { #"{"alg":"HS256","typ":"JWT","kid":"\#(key.id)""# + rest }

        let right = try token()
        let nobodysKey = try Key.generateHS256(kid: try GoldenWorld.keyID("nobody"))
        let unnamed = #"{"alg":"HS256","typ":"JWT"}"#
        values = [
            "TOKEN": right,
            "RETURNING_TOKEN": try token(Claims(["taiki_user_id": "\"\(returningUser.uuid)\""])),
            "TOKEN_OF_OTHER_MODE": try token(Claims(["mode": "\"\(otherMode.rawValue)\""])),
            "TOKEN_WITHOUT_MODE": try token(Claims(["mode": nil])),
            "TOKEN_WITHOUT_KID": try token(header: unnamed),
            "TOKEN_OF_SIMPLEJWT": try token(Claims(["mode": nil]), header: unnamed),
            "EXPIRED_TOKEN": try token(Claims(iat: -3600, exp: 0)),
            "FUTURE_TOKEN": try token(Claims(iat: 120, exp: 600)),
            "LONG_LIVED_TOKEN": try token(Claims(iat: 0, exp: 3601)),
            "FORGED_TOKEN": Self.flippingABit(of: right),
            "UNKNOWN_KEY_TOKEN": try token(key: nobodysKey),
            "ALG_NONE_TOKEN": Self.withoutSignature(
                try token(header: #"{"alg":"none","typ":"JWT","kid":"\#(key.id)"}"#)),
            // Signed as the key would be right for: nothing but the name of the algorithm is wrong.
            "HS512_TOKEN": try token(header: #"{"alg":"HS512","typ":"JWT","kid":"\#(key.id)"}"#),
            "CRITICAL_TOKEN": try token(header: header(#","crit":["exp"]}"#)),
            "OTHER_TYPE_TOKEN": try token(header: #"{"alg":"HS256","typ":"at+jwt","kid":"\#(key.id)"}"#),
            "REPEATED_TOKEN": try token(Claims(more: #","mode":"\#(mode.rawValue)""#)),
            "REFRESH_TOKEN": try token(Claims(["token_type": #""refresh""#])),
            "AUDIENCE_TOKEN": try token(Claims(more: #","aud":"somebody""#)),
            "WITHOUT_ID_TOKEN": try token(Claims(["jti": nil])),
            "USED_TOKEN": try token(Claims(["jti": "\"\(used.text)\""])),
            "REVOKED_TOKEN": try token(Claims(["jti": "\"\(revoked.text)\""])),
            "TOKEN_OF_DISABLED_APP": try token(Claims(["client_app_id": "\"\(people.disabledApp.uuid)\""])),
            "TOKEN_OF_ERASED_USER": try token(Claims(["taiki_user_id": "\"\(people.erasedUser.uuid)\""])),
        ]
    }

    /// A state as the service makes it.
    func state(of attempt: String, mode: Mode, age: Int64 = 0) throws -> String {
        let issued = now.secondsSinceEpoch - age
        return try Self.signed(
            """
            {"token_type":"link_state","exp":\(issued + 3600),"iat":\(issued),\
            "jti":"\(attempt.replacing("-", with: ""))","mode":"\(mode.rawValue)"}
            """, header: #"{"alg":"HS256","typ":"JWT","kid":"\#(key.id)"}"#, key: key)
    }

    /// Right claims but for what is given: a change is JSON, nil for a claim that is to be missing.
    private struct Claims {
        var changes: [String: String?] = [:]
        var iat: Int64 = 0
        var exp: Int64 = 3600
        var more = ""

        init(_ changes: [String: String?] = [:], iat: Int64 = 0, exp: Int64 = 3600, more: String = "") {
            self.changes = changes
            self.iat = iat
            self.exp = exp
            self.more = more
        }

        func text(mode: Mode, now: UnixTime, people: People) -> String {
            let right: KeyValuePairs = [
                "token_type": #""access""#, "exp": "\(now.secondsSinceEpoch + exp)",
                "iat": "\(now.secondsSinceEpoch + iat)", "jti": "\"\(AccessToken.ID(high: 0, low: 1).text)\"",
                "client_app_id": "\"\(people.app.uuid)\"", "taiki_user_id": "\"\(people.user.uuid)\"",
                "mode": "\"\(mode.rawValue)\"",
            ]
            let members = right.compactMap { name, value -> String? in
                guard let change = changes[name] else { return "\"\(name)\":\(value)" }
                return change.map { "\"\(name)\":\($0)" }
            }
            return "{" + members.joined(separator: ",") + more + "}"
        }
    }

    private static func signed(_ claims: String, header: String, key: Key) throws -> String {
        let input = Base64URL.encode(Array(header.utf8)) + [UInt8(ascii: ".")] + Base64URL.encode(Array(claims.utf8))
        let code = try HMACSHA256(key: key).authenticationCode(for: input)
        return String(decoding: input + [UInt8(ascii: ".")] + Base64URL.encode(code), as: UTF8.self)
    }

    /// Another character in the middle of the signature.
    static func flippingABit(of token: String) -> String {
        var bytes = Array(token.utf8)
        let index = bytes.count - 10
        bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func withoutSignature(_ token: String) -> String {
        String(token[...(token.lastIndex(of: ".") ?? token.startIndex)])
    }
}
