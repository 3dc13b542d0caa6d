import Testing

@testable import HTTPAPI

@Suite("Content-Disposition")
struct ContentDispositionTests {
    @Test("names the file for old browsers in ASCII and for the others as it is", arguments: [
        ("1099_INT.pdf", "1099_INT.pdf", "1099_INT.pdf"),
        ("a b.pdf", "a b.pdf", "a%20b.pdf"),
        ("say \"hi\"\\.pdf", "say _hi__.pdf", "say%20%22hi%22%5C.pdf"),
        ("100%.pdf", "100_.pdf", "100%25.pdf"), ("%41.pdf", "_41.pdf", "%2541.pdf"),
        ("\u{e9}t\u{e9}.pdf", "_t_.pdf", "%C3%A9t%C3%A9.pdf"), ("e\u{301}", "e_", "e%CC%81"),
        ("\u{20ac} rates", "_ rates", "%E2%82%AC%20rates"), ("\u{1f600}", "_", "%F0%9F%98%80"),
        ("a;b=c,d'e.pdf", "a;b=c,d'e.pdf", "a%3Bb%3Dc%2Cd%27e.pdf"), ("*()<>@:?[]{}", "*()<>@:?[]{}",
          "%2A%28%29%3C%3E%40%3A%3F%5B%5D%7B%7D"),
        ("!#$&+-.^_`|~", "!#$&+-.^_`|~", "!#$&+-.^_`|~"), (" ", " ", "%20"), ("...", "...", "..."),
        ("x\r\nSet-Cookie: a=b", "x__Set-Cookie: a=b", "x%0D%0ASet-Cookie%3A%20a%3Db"),
        ("\u{0}\u{7f}\u{80}\u{202e}fdp.exe", "____fdp.exe", "%00%7F%C2%80%E2%80%AEfdp.exe"),
    ])
    func attachment(name: String, ascii: String, encoded: String) {
        #expect(ContentDisposition.attachment(fileName: name)
            == "attachment; filename=\"\(ascii)\"; filename*=UTF-8''\(encoded)")
    }

    @Test("is visible ASCII and spaces, with two quotes, for every character there is")
    func everyCharacter() {
        for value in UInt32(0)...0x10_ffff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = ContentDisposition.attachment(fileName: String(scalar))
            var quotes = 0
            var isPlain = true
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\"") { quotes += 1 }
                if byte < 0x20 || byte > 0x7e || byte == UInt8(ascii: "\\") { isPlain = false }
            }
            #expect(quotes == 2 && isPlain, "U+\(String(value, radix: 16))")
        }
    }
}
