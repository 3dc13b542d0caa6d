import Testing

@testable import LatchkeyCore

@Suite("A web origin")
struct WebOriginTests {
    @Test("is written as browsers write it", arguments: [
        ("https://app.example", "https://app.example"), ("HTTPS://App.Example", "https://app.example"),
        ("https://app.example/", "https://app.example"), ("https://app.example:443", "https://app.example"),
        ("https://app.example:80", "https://app.example:80"), ("https://app.example:8443/", "https://app.example:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"), ("https://app", "https://app"),
        ("https://4-u.example", "https://4-u.example"), ("https://1.2.3.x4", "https://1.2.3.x4"),
        ("https://192.0.2.1:444", "https://192.0.2.1:444"), ("https://localhost:8443", "https://localhost:8443"),
        ("http://localhost", "http://localhost"), ("http://LOCALHOST:80", "http://localhost"),
        ("http://localhost:3000", "http://localhost:3000"), ("http://127.0.0.1:443", "http://127.0.0.1:443"),
        ("http://[::1]:3000", "http://[::1]:3000"), ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("https://[2001:db8:0:0:1:0:0:1]", "https://[2001:db8::1:0:0:1]"),
        ("https://[2001:0:0:1:0:0:0:1]", "https://[2001:0:0:1::1]"),
        ("https://[2001:db8:0:1:1:1:1:1]", "https://[2001:db8:0:1:1:1:1:1]"),
        ("https://[1:2:3:4:5:6:0:0]", "https://[1:2:3:4:5:6::]"), ("https://[::]", "https://[::]"),
    ])
    func normalised(text: String, written: String) throws {
        let origin = try WebOrigin(text)
        #expect(origin.text == written)
        #expect(try WebOrigin(origin.text) == origin)
    }

    @Test("is nothing else", arguments: [
        "", "null", "*", "https://*", "https://*.app.example", "https:", "https://", "app.example", "//app.example",
        "app.example:443", "ftp://app.example", "file:///", "data:,x", "https://app.example/a", "https://app.example//",
        "https://app.example?", "https://app.example/?x", "https://app.example#", "https://app.example/#x",
        "https://user@app.example", "https://user:pw@app.example", "https://app.example:", "https://app.example:0",
        "https://app.example:65536", "https://app.example:x", "https://app.example:*", " https://app.example",
        "https://app.example ", "https://app.example https://b.example", "https://app.example;script-src *",
        "https://app.example,https://b.example", "https://app.example\r\nX: y", "https://app.example\u{0}",
        "https://bücher.example", "https://a_b.example", "https://app.example.", "https://app..example",
        "https://.example", "'self'", "'none'", "https://2130706433", "https://0x7f.1", "https://a.0x", "https://1.2.3",
        "https://1.2.3.4.5", "https://a.1", "https://127.0.0.01", "https://[::ffff:127.0.0.1]", "https://[::1",
        "http://[::ffff:127.0.0.1]", "https://[fe80::1%25eth0]", "https://app.example\\", "http\u{ff1a}//app.example",
    ])
    func none(text: String) {
        #expect(throws: WebOrigin.Fault.noOrigin) { try WebOrigin(text) }
    }

    @Test("of http is the browser's own machine's", arguments: [
        "http://app.example", "http://127.0.0.2", "http://192.168.1.1", "http://localhost.example",
        "http://a.localhost", "http://[::2]", "http://[2001:db8::1]:3000",
    ])
    func plain(text: String) {
        #expect(throws: WebOrigin.Fault.notEncrypted) { try WebOrigin(text) }
    }

    @Test("has at most 260 characters")
    func limits() throws {
        let label = String(repeating: "a", count: 63)
        let host = [label, label, label, String(label.prefix(54))].joined(separator: ".")
        #expect(try WebOrigin("https://\(host):8443").text.utf8.count == 259)
        #expect(throws: WebOrigin.Fault.noOrigin) { try WebOrigin("https://\(host)aa:8443") }
    }
}
