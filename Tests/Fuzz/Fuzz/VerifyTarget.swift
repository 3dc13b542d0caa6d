/// Any bytes, taken for a token.
enum VerifyTarget {
    static func check(_ input: [UInt8]) {
        Expectation.check(input)
    }
}
