import JOSE
import LatchkeyCore
import WireFormats

/// A key whose bytes the tests know, so that they can make tokens that no signer would.
struct TestKey {
    let id: String
    let bytes: [UInt8]

    static let first = TestKey(id: "2025-03", seed: 5)
    static let second = TestKey(id: "2025-04", seed: 6)

    /// - Parameter seed: another one gives another key.
    init(id: String, seed: Int) {
        self.id = id
        bytes = (0..<32).map { UInt8(truncatingIfNeeded: $0 * 7 + seed) }
    }

    static func keySet(_ keys: TestKey...) throws -> KeySet {
        var json = JSONWriter()
        json.beginObject()
        json.beginArray("keys")
        for key in keys {
            json.beginObject()
            json.member("kty", "oct")
            json.member("kid", key.id)
            json.member("alg", "HS256")
            json.member("k", String(decoding: Base64URL.encode(key.bytes), as: UTF8.self))
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return try KeySet(parsingJWKSet: json.bytes)
    }

    static let third = TestKey(id: "2025-05.downloads", seed: 7)

    /// Tokens by the first key, secrets by the second, downloads by the third.
    static func ring() throws -> KeyRing {
        KeyRing(.init(tokens: try keySet(.first), secretHashes: try keySet(.second), downloads: try keySet(.third)))
    }

    /// A signed token of these very texts.
    func token(_ claims: String, header: String? = nil) throws -> [UInt8] {
        let header = header ?? #"{"alg":"HS256","typ":"JWT","kid":"\#(id)"}"#
        let input = Base64URL.encode(Array(header.utf8)) + [UInt8(ascii: ".")] + Base64URL.encode(Array(claims.utf8))
        let code = try HMACSHA256(key: bytes).authenticationCode(for: input)
        return input + [UInt8(ascii: ".")] + Base64URL.encode(code)
    }
}

/// The claims of an access token of ``Fixture``, in JSON.
enum Claims {
    private static let right: KeyValuePairs<String, String> = [
        "token_type": #""access""#,
        "exp": "\(Fixture.now.secondsSinceEpoch + 3600)",
        "iat": "\(Fixture.now.secondsSinceEpoch)",
        "jti": "\"\(Fixture.tokenID.text)\"",
        "client_app_id": "\"\(Fixture.app.uuid)\"",
        "taiki_user_id": "\"\(Fixture.user.uuid)\"",
        "mode": #""production""#,
    ]

    /// - Parameter changes: other values, in JSON; nil for a claim that is to be missing.
    static func text(_ changes: [String: String?] = [:]) -> String {
        let members = right.compactMap { name, value -> String? in
            guard let change = changes[name] else { return "\"\(name)\":\(value)" }
            return change.map { "\"\(name)\":\($0)" }
        }
        return "{" + members.joined(separator: ",") + "}"
    }
}
