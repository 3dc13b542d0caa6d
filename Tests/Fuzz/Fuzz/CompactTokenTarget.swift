@testable import JOSE

/// Any bytes, cut at their dots.
enum CompactTokenTarget {
    static func check(_ input: [UInt8]) {
        let parts = input.split(separator: dot, maxSplits: 2, omittingEmptySubsequences: false)
        let isRegular = input.count <= CompactToken.maximumBytes && parts.count == 3
        guard let token = try? CompactToken(splitting: input.span) else {
            return expect(!isRegular, "a token of three segments is refused")
        }
        expect(isRegular, "a token without three segments is taken")
        let segments = [input[token.header], input[token.payload], input[token.signature]]
        expect(segments == parts, "the segments are not where the dots are")
        expect(Array(segments.joined(separator: [dot])) == input, "the segments do not add up to the token")
        let signed = segments[0] + [dot] + segments[1]
        expect(input[token.signingInput].elementsEqual(signed), "the signing input is another one")
    }

    static let dot = UInt8(ascii: ".")
}
