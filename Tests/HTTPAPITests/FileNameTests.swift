import Testing

@testable import HTTPAPI

@Suite("A file's name")
struct FileNameTests {
    @Test("is any plain text", arguments: [
        "a", " ", "1099_INT.pdf", "...", ".a", "a.", "..a", "~", "-rf", "a\\b", "%2f", "\"", "'", "\u{e9}", "e\u{301}",
        "\u{1f600}", "\u{a0}", "\u{2028}", "\u{202e}", "\u{feff}", "CON", "\u{ff0f}", "\u{2044}", "\u{10ffff}",
        String(repeating: "x", count: 255), String(repeating: "\u{e9}", count: 127) + "x",
    ])
    func plain(name: String) {
        let checked = FileName.checked(Array(name.utf8)[...])
        #expect(checked.map { Array($0.utf8) } == Array(name.utf8))
    }

    @Test("is no folder, no path, and has no control character", arguments: [
        "", ".", "..", "/", "a/b", "/a", "a/", "\u{0}", "a\u{0}b", "a\nb", "\u{1}", "\u{1f}", "\u{7f}", "\u{80}",
        "\u{85}", "\u{9f}", String(repeating: "x", count: 256), String(repeating: "\u{e9}", count: 128),
    ])
    func refused(name: String) {
        #expect(FileName.checked(Array(name.utf8)[...]) == nil)
    }

    @Test("is well-formed UTF-8", arguments: [
        [0xff], [0x80], [0xc3], [0x61, 0xc3], [0xc0, 0xaf], [0xc0, 0x80], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80],
        [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xe2, 0x82],
    ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(FileName.checked(bytes[...]) == nil)
    }
}
