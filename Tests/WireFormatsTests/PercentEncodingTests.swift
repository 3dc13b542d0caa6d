import Testing

@testable import WireFormats

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("a+b", "a b"), ("%2B", "+"), ("%00%ff%Ff", "\u{0}\u{fffd}\u{fffd}"), ("%", "%"),
        ("%%", "%%"), ("%4", "%4"), ("%4g", "%4g"), ("%g4", "%g4"), ("%%41", "%A"), ("%41%", "A%"), ("%2541", "%41"),
        ("%c3%a9", "\u{e9}"), ("\u{e9}", "\u{e9}"),
    ])
    func `a form is decoded, and what is no encoding stands for itself`(text: String, value: String) {
        let bytes = Array("xx\(text)".utf8)
        #expect(String(decoding: PercentEncoding.decodeForm(bytes[2...]), as: UTF8.self) == value)
    }

    @Test func `every byte is decoded to what was encoded`() {
        let all = Array(UInt8.min...UInt8.max)
        var text: [UInt8] = []
        PercentEncoding.append(all, to: &text) { _ in false }
        #expect(text.count == 768 && text.starts(with: Array("%00%01%02%03%04%05%06%07%08%09%0A".utf8)))
        #expect(PercentEncoding.decodeForm(text[...]) == all)
    }

    @Test func `bytes that are kept stand for themselves`() {
        var text = Array("<".utf8)
        PercentEncoding.append("a/b".utf8, to: &text) { $0 != UInt8(ascii: "/") }
        #expect(String(decoding: text, as: UTF8.self) == "<a%2Fb")
    }
}
