import JOSE
import Testing
import WireFormats

@testable import LatchkeyCore

@Suite("A webhook")
struct WebhookRequestTests {
    private let document = Document.ID(UUID(high: 0xe1, low: 1))
    private let secret = WebhookSecret.Reference(id: UUID(high: 0xd1, low: 1), key: KeyID("2025-03")!)
    private let baseURLs = BaseURLs(production: "https://api.example", sandbox: "https://sandbox.example")

    private func delivery(
        kind: Delivery.Kind = .retrieval, status: String = "success", mode: Mode = .production,
        url: String? = "https://app.example/hooks?a=b", metadata: String = #"{"a": 1.50,"b":"é\u00e9"}"#,
        files: [Delivery.File]? = nil, secrets: [WebhookSecret.Reference]? = nil
    ) -> Delivery {
        Delivery(
            attempt: Delivery.Attempt(id: UUID(high: 0xf1, low: 1), number: 2), kind: kind, clientApp: Fixture.app,
            user: kind == .test ? nil : Fixture.user, mode: mode, url: url, number: kind == .test ? 0 : 123,
            status: status, metadata: metadata, createdAt: UnixTime(secondsSinceEpoch: 1_678_656_600),
            files: files ?? [Delivery.File(id: document, name: "1099 \"é\".pdf", bytes: 48213)],
            secrets: secrets ?? [secret])
    }

    private func keys() throws -> WebhookKeys.Keys {
        WebhookKeys.Keys(webhooks: try TestKey.keySet(.first), downloads: try TestKey.keySet(.second))
    }

    private func request(_ delivery: Delivery) throws -> WebhookRequest {
        try WebhookRequest(delivery, keys: keys(), baseURLs: baseURLs, now: Fixture.now)
    }

    private func body(_ delivery: Delivery) throws -> String {
        String(decoding: try request(delivery).body, as: UTF8.self)
    }

    @Test("of a success names its files, with links that work from now on", arguments: Mode.allCases)
    func success(mode: Mode) throws {
        let links = try DownloadLinks(keys: keys().downloads, baseURLs: baseURLs)
        let link = try links.url(
            for: document, of: Fixture.user, clientApp: Fixture.app, mode: mode,
            expires: Fixture.now + DownloadLinks.lifetime)
        #expect(try body(delivery(mode: mode)) == """
            {"status":"success","data":{"id":123,"client_id":"\(Fixture.user.uuid)",\
            "metadata":{"a": 1.50,"b":"é\\u00e9"},"created_at":"2023-03-12T21:30:00Z"},\
            "files":[{"status":"success","file_name":"1099 \\"é\\".pdf","download_url":"\(link)",\
            "total_size_bytes":48213}]}
            """)
    }

    @Test("of a failure has no files")
    func failure() throws {
        #expect(try body(delivery(status: "failure", metadata: "{}", files: [])) == """
            {"status":"failure","data":{"id":123,"client_id":"\(Fixture.user.uuid)","metadata":{},\
            "created_at":"2023-03-12T21:30:00Z"},"files":[]}
            """)
    }

    @Test("for a test says nothing of anybody")
    func test() throws {
        #expect(try body(delivery(kind: .test, status: "test", metadata: "{}")) == """
            {"status":"test","data":{"id":0,"client_id":"00000000-0000-0000-0000-000000000000","metadata":{},\
            "created_at":"2023-03-12T21:30:00Z"},"files":[]}
            """)
    }

    @Test("has the headers of the specification")
    func headers() throws {
        let request = try request(delivery())
        let id = "msg_00000000-0000-00f1-0000-000000000001"
        let secret = try #require(try WebhookSecret(self.secret, of: Fixture.app, keys: keys().webhooks))
        let signature = try #require(try WebhookSignature.header(
            id: id, timestamp: Fixture.now, body: request.body, secrets: [secret]))
        #expect(request.headers.map { "\($0.name): \($0.value)" } == [
            "webhook-id: \(id)", "webhook-timestamp: 1741815000", "webhook-signature: \(signature)",
            "content-type: application/json", "user-agent: latchkey-webhooks",
        ])
        #expect(request.url.text == "https://app.example/hooks?a=b")
        #expect(request.attempt == 2)
    }

    @Test("is signed with those secrets whose keys are there")
    func lostKey() throws {
        let lost = WebhookSecret.Reference(id: UUID(high: 0xd1, low: 2), key: KeyID("gone")!)
        #expect(try request(delivery(secrets: [lost, secret])).headers[2].value.split(separator: " ").count == 1)
        #expect(try request(delivery(secrets: [secret, secret])).headers[2].value.split(separator: " ").count == 2)
    }

    @Test("is not sent without a URL, a secret or its key")
    func refusals() {
        let lost = WebhookSecret.Reference(id: UUID(high: 0xd1, low: 2), key: KeyID("gone")!)
        #expect(throws: WebhookFailure.noURL) { try request(delivery(url: nil)) }
        #expect(throws: WebhookFailure.invalidURL) { try request(delivery(url: "https://user@app.example/")) }
        #expect(throws: WebhookFailure.noSecret) { try request(delivery(secrets: [])) }
        #expect(throws: WebhookFailure.unknownKey) { try request(delivery(secrets: [lost])) }
    }
}
