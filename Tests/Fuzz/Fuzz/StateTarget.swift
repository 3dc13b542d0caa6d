internal import JOSE
@testable internal import LatchkeyCore
internal import WireFormats

/// Any bytes, taken for a state; and for the claims of one that is signed with the right key.
enum StateTarget {
    // libFuzzer calls from one thread.
    nonisolated(unsafe) private static let states = LinkStates(
        keys: KeyRing(.init(tokens: World.keySet, secretHashes: World.keySet, downloads: World.keySet)),
        environment: Environment(
            milliseconds: { World.now.secondsSinceEpoch * 1000 + 987 }, random: { () throws(JOSEError) in (1, 2) }))

    static func check(_ input: [UInt8]) {
        compare(input)
        guard let secret = World.secrets.first else { return }
        let header = #"{"alg":"HS256","typ":"JWT","kid":"\#(secret.id)"}"#
        let signed = Base64URL.encode(Array(header.utf8)) + [CompactTokenTarget.dot] + Base64URL.encode(input)
        let code = World.authenticationCode(signed[...], secret)
        compare(signed + [CompactTokenTarget.dot] + Base64URL.encode(code))
    }

    private static func compare(_ text: [UInt8]) {
        let access = Mode.allCases.compactMap { World.verify(text, mode: $0) }
        for mode in Mode.allCases {
            let attempt: LinkAttempt.ID
            do throws(Refusal) {
                attempt = try unsafe states.attempt(of: text[...], mode: mode)
            } catch {
                expect(error.kind == .invalidToken, "the service failed: \(error.reason)")
                continue
            }
            expect(access.isEmpty, "a state is an access token")
            let claims = UnverifiedToken(text[...])?.claims
            expect(claims?["token_type"]?.string == "link_state", "another kind of token is a state")
            expect(claims?["mode"]?.string == mode.rawValue, "a state is of the other mode")
            let id = "\(attempt.uuid)".split(separator: "-").joined()
            expect(claims?["jti"]?.string == id, "another attempt was read")
        }
    }
}
