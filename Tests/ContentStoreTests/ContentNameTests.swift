import Testing

@testable import ContentStore

struct ContentNameTests {
    @Test func `a name is 32 bytes, and is written in lower case`() throws {
        let name = try #require(ContentName([0xAB, 0x01] + [UInt8](repeating: 0xF0, count: 30)))
        #expect(name.text == "ab01" + String(repeating: "f0", count: 30))
        #expect(name.path == "ab/\(name.text)")
        #expect(ContentName(text: name.text) == name)
        for count in [0, 31, 33] { #expect(ContentName([UInt8](repeating: 0, count: count)) == nil) }
    }

    @Test(arguments: [
        "", "ab", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
        String(repeating: "A", count: 64), String(repeating: "g", count: 64), "..",
        "../" + String(repeating: "a", count: 61),
        String(repeating: "a", count: 63) + "\u{0}", String(repeating: "é", count: 32),
    ])
    func `a text that is none is no name`(_ text: String) {
        #expect(ContentName(text: text) == nil)
    }
}
