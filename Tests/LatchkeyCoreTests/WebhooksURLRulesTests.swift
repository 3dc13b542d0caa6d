import Testing

@testable import LatchkeyCore

@Suite("The rules for a webhook's URL")
struct WebhookURLRulesTests {
    private func fault(_ text: String, allowed: String...) -> WebhookURLRules.Fault? {
        do throws(WebhookURLRules.Fault) {
            _ = try WebhookURLRules(allowed: allowed.compactMap(IPNetwork.init)).check(text)
            return nil
        } catch {
            return error
        }
    }

    @Test("take https of the public Internet", arguments: [
        "https://app.example/hooks", "https://app.example:8443/", "https://8.8.8.8/", "https://[2606:4700::1]/",
        "https://localhost.example/", "https://a.b.c.d.example/", "https://1a.example/", "https://1.2.3.4.example/",
        "https://0x.example/", "https://xlocalhost/", "https://0xg/", "https://internal/",
    ])
    func allowed(url: String) throws {
        #expect(fault(url) == nil)
        #expect(try WebhookURLRules(allowed: []).check(url) == WebhookURL(url))
    }

    @Test("refuse this machine and networks of one's own", arguments: [
        "https://127.0.0.1/", "https://127.1.2.3:8443/", "https://10.0.0.1/", "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::]/", "https://[fe80::1]/",
        "https://[fd00::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::10.0.0.1]/", "https://0.0.0.0/",
        "https://localhost/", "https://LocalHost:1/", "https://a.localhost/", "https://a.b.LOCALHOST/",
        "http://localhost/", "http://10.0.0.1/",
    ])
    func notPublic(url: String) {
        #expect(fault(url) == .notPublic)
    }

    @Test("refuse addresses in odd notations, whatever is allowed", arguments: [
        "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.01", "1.2.3.4.5", "a.1", "a.0x1f", "0x",
        "a.0X", "256.0.0.1", "08.8.8.8",
    ])
    func oddAddresses(host: String) {
        #expect(fault("https://\(host)/") == .notPublic)
        #expect(fault("https://\(host)/", allowed: "0.0.0.0/0") == .notPublic)
    }

    @Test("refuse plain http", arguments: ["http://app.example/", "http://8.8.8.8/", "http://[2606:4700::1]/"])
    func notEncrypted(url: String) {
        #expect(fault(url) == .notEncrypted)
    }

    @Test("refuse what is no URL of a receiver", arguments: [
        "", "app.example", "ftp://app.example/", "https://user@app.example/", "https://app.example/#x",
        "https://localhost./", "https://app.example/ ",
    ])
    func malformed(url: String) {
        #expect(fault(url) == .malformed)
    }

    @Test("allow what the operator allows, plain as well", arguments: [
        ("https://127.0.0.1/", nil), ("http://127.0.0.1:8080/", nil), ("http://localhost/", nil),
        ("http://a.localhost/", nil), ("https://localhost/", nil), ("https://10.0.0.1/", .notPublic),
        ("http://8.8.8.8/", .notEncrypted), ("https://[::1]/", .notPublic),
        // Which addresses it has is seen when it is called.
        ("http://internal.example/", nil),
    ] as [(String, WebhookURLRules.Fault?)])
    func operators(url: String, expected: WebhookURLRules.Fault?) {
        #expect(fault(url, allowed: "127.0.0.0/8") == expected)
    }

    @Test("allow localhost where 127.0.0.1 is allowed alone")
    func localhost() {
        #expect(fault("http://localhost/", allowed: "10.0.0.0/8") == .notPublic)
        #expect(fault("http://localhost/", allowed: "127.0.0.1") == nil)
        #expect(fault("http://localhost/", allowed: "127.0.0.2") == .notPublic)
        #expect(fault("http://app.example/", allowed: "10.0.0.0/8") == nil)
    }

    @Test("know how long a URL may be once it is put together again")
    func length() {
        let path = String(repeating: "a", count: WebhookURL.maximumBytes - "https://[2606::1]/".utf8.count)
        #expect(WebhookURL("https://[2606::1]/" + path) != nil && fault("https://[2606::1]/" + path) == .malformed)
        let query = String(repeating: "a", count: WebhookURL.maximumBytes - "https://app.example?".utf8.count)
        #expect(fault("https://app.example?" + query) == .malformed)
        #expect(fault("https://app.example?" + query.dropLast()) == nil)
    }
}
