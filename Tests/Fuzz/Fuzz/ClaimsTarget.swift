internal import WireFormats

/// A header and, after a line feed, claims: any texts, signed with each of the service's keys. So what is behind the
/// signature is reached, too.
enum ClaimsTarget {
    static func check(_ input: [UInt8]) {
        let texts = input.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        guard texts.count == 2 else { return }
        let signed = Base64URL.encode(Array(texts[0])) + [CompactTokenTarget.dot] + Base64URL.encode(Array(texts[1]))
        for secret in World.secrets {
            let code = World.authenticationCode(signed[...], secret)
            Expectation.check(signed + [CompactTokenTarget.dot] + Base64URL.encode(code))
        }
    }
}
