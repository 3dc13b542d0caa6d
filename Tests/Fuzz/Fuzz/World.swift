internal import COpenSSL
internal import JOSE
@testable import LatchkeyCore
internal import WireFormats

/// A service of two keys whose clock stands still, with one app of each fate: all that verify looks at.
enum World {
    /// 2025-03-12T21:30:00Z.
    static let now = UnixTime(secondsSinceEpoch: 1_741_815_000)

    static let app = ClientApp.ID(UUID(high: 0xa1, low: 1))
    static let erasedUser = User.ID(UUID(high: 0xe1, low: 1))
    static let revokedToken = AccessToken.ID(high: 0xf1, low: 1)

    struct NamedSecret {
        let id: String
        let bytes: [UInt8]
    }

    static let secrets = [("2025-03", 5), ("2025-04", 6)].map { id, seed in
        NamedSecret(id: id, bytes: (0..<32).map { UInt8($0 * 7 + seed) })
    }

    static let keySet: KeySet = {
        let keys = secrets.map { secret in
            let k = String(decoding: Base64URL.encode(secret.bytes), as: UTF8.self)
            return #"{"kty":"oct","kid":"\#(secret.id)","alg":"HS256","k":"\#(k)"}"#
        }
        guard let set = try? KeySet(parsingJWKSet: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8)) else {
            fatalError("the keys are not usable")
        }
        return set
    }()

    // libFuzzer calls from one thread.
    nonisolated(unsafe) private static let verifier: TokenVerifier = {
        let set = keySet
        let snapshot = VerifierSnapshot(
            version: 1, activeApps: [app], erasedUsers: [.init(clientApp: app, user: erasedUser)],
            revokedTokens: [revokedToken])
        let verifier = TokenVerifier(
            keys: KeyRing(.init(tokens: set, secretHashes: set, downloads: set)), snapshots: SnapshotHolder(snapshot),
            policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(1_000_000),
            environment: Environment(
                milliseconds: { now.secondsSinceEpoch * 1000 + 987 },
                random: { () throws(JOSEError) in (1, 2) }))

        // Were all tokens refused here and by the expectation, no input could fail.
        let right = AccessToken(
            id: .init(high: 0xc1, low: 1), clientApp: app, user: User.ID(UUID(high: 0xb1, low: 1)), mode: .sandbox,
            issuedAt: now)
        let token = (try? Signer(key: set.current).sign(claims: right.claims)) ?? []
        expect(Expectation(token)?.mode == .sandbox, "the service's own token is not expected to be right")
        expect((try? verifier.verify(token[...], mode: .sandbox)) == right, "the service refuses its own token")
        return verifier
    }()

    /// What the endpoint asks. Nothing but a wrong token may be the reason of a refusal.
    static func verify(_ token: [UInt8], mode: Mode) -> AccessToken? {
        do throws(Refusal) {
            return try unsafe verifier.verify(token[...], mode: mode)
        } catch {
            expect(error.kind == .invalidToken, "the service failed: \(error.reason)")
            return nil
        }
    }

    /// HMAC with SHA-256 by another function of OpenSSL than the service's own.
    static func authenticationCode(_ input: ArraySlice<UInt8>, _ secret: NamedSecret) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        let length = unsafe input.withUnsafeBufferPointer { input in
            var length = 0
            _ = unsafe EVP_Q_mac(
                nil, "HMAC", nil, "SHA256", nil, secret.bytes, secret.bytes.count, input.baseAddress, input.count,
                &code, code.count, &length)
            return length
        }
        expect(length == code.count, "OpenSSL makes no authentication code")
        return code
    }
}
