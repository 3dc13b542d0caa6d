import Testing

@testable import LatchkeyCore

@Suite("A webhook's URL")
struct WebhookURLTests {
    @Test("is taken apart and put together again", arguments: [
        ("https://app.example", "app.example", 443, "https://app.example/"),
        ("HTTPS://App.Example:443/A/b", "app.example", 443, "https://app.example/A/b"),
        ("https://app.example:8443?x=1", "app.example", 8443, "https://app.example:8443/?x=1"),
        ("http://app.example:80/?q=/?", "app.example", 80, "http://app.example/?q=/?"),
        ("https://app.example/a%2F%c3%a9//..;p=1/@:!$&'()*+,=~", "app.example", 443,
            "https://app.example/a%2F%c3%a9//..;p=1/@:!$&'()*+,=~"),
        ("https://192.0.2.1/", "192.0.2.1", 443, "https://192.0.2.1/"),
        ("https://[2001:DB8::1]:1/", "[2001:db8:0:0:0:0:0:1]", 1, "https://[2001:db8:0:0:0:0:0:1]:1/"),
        ("https://[::ffff:127.0.0.1]/", "127.0.0.1", 443, "https://127.0.0.1/"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "https://xn--bcher-kva.example/"),
        ("https://a_b.example/", "a_b.example", 443, "https://a_b.example/"),
    ])
    func read(text: String, host: String, port: Int, written: String) throws {
        let url = try #require(WebhookURL(text))
        #expect(url.hostText == host && url.port == port && url.text == written)
        #expect(url.isEncrypted == text.lowercased().hasPrefix("https"))
        #expect(WebhookURL(url.text) == url)
    }

    /// The resolver makes an address of each, to which the rules apply then.
    @Test("leaves odd notations of addresses to the resolver", arguments: [
        "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.01", "1.2.3.4.5",
    ])
    func oddAddresses(host: String) throws {
        #expect(try #require(WebhookURL("https://\(host)/")).host == .name(host))
    }

    @Test("is refused where it is anything else", arguments: [
        "", "https", "https:", "https://", "https:///", "https:app.example", "//app.example/", "/hooks", "app.example",
        "ftp://app.example/", "file:///etc/passwd", "unix:///run/x", "http+unix://%2Frun/x", "httpss://app.example/",
        "javascript://app.example/", " https://app.example/", "https://app.example/ ", "https ://app.example/",
        "https://user@app.example/", "https://user:pw@app.example/", "https://app.example@127.0.0.1/",
        "https://app.example/#x", "https://app.example#@127.0.0.1/", "https://app.example\\@127.0.0.1/",
        "https://app.example\\.evil.example/", "https://app.example:/", "https://app.example:0/",
        "https://app.example:65536/", "https://app.example:0443/", "https://app.example:+443/",
        "https://app.example:443:443/", "https://app.example:４４３/", "https://:443/", "https://.example/",
        "https://app..example/", "https://app.example./", "https://app%2eexample/", "https://bücher.example/",
        "https://app\u{3002}example/", "https://app.example/é", "https://app.example/\u{0}", "https://app.example/a b",
        "https://app.example/\r\nHost: x", "https://app.example/\t", "https://app.example/%", "https://app.example/%2",
        "https://app.example/%gg", "https://app.example/{x}", "https://app.example/[x]", "https://app.example/\"",
        "https://app.example/<x>", "https://app.example/a|b", "https://app.example/`", "https://app.example/^",
        "https://[::1", "https://::1/", "https://[::1]x/", "https://[::1]:/", "https://[app.example]/",
        "https://[127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://[v1.x]/", "https://[]/", "https://a,b.example/",
        "https://app.example;x/", "https://app&example/", "https://*.example/", "https://app example/",
    ])
    func refuse(text: String) {
        #expect(WebhookURL(text) == nil)
    }

    @Test("has its limits")
    func limits() {
        let path = String(repeating: "a", count: WebhookURL.maximumBytes - "https://a.example/".utf8.count)
        #expect(WebhookURL("https://a.example/" + path) != nil)
        #expect(WebhookURL("https://a.example/a" + path) == nil)
        let label = String(repeating: "a", count: 63)
        #expect(WebhookURL("https://\(label).example/") != nil)
        #expect(WebhookURL("https://a\(label).example/") == nil)
        #expect(WebhookURL("https://\([label, label, label, label].joined(separator: "."))/") == nil)
    }
}
