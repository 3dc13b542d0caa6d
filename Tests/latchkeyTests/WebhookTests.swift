import Foundation
import JOSE
import LatchkeyCore
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@Suite("The command's webhooks", .needsServer, .migratedCluster)
struct WebhookTests {
    private func app(_ program: Program, _ options: String...) throws -> String {
        try program.run(["app", "create", "--name", "App", "--json"] + options).text("client_app_id")
    }

    /// The newest secret of a client app, derived as the sender does.
    private func derived(_ program: Program, app: String) throws -> String? {
        let id = ClientApp.ID(try #require(UUID(app)))
        let newest = try #require(try program.administration().webhookSecrets(of: id).first)
        return try WebhookSecret(newest.reference, of: id, keys: KeySet.load(fromFile: program.webhookKeys))?.text
    }

    @Test("have a URL, and a secret that is made where there is none")
    func configure() throws {
        let program = try Program()
        let app = try app(program)
        let run = try program.run("webhook", "configure", app, "--url", "https://a.example/hook", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let secret = try run.text("webhook_secret")
        #expect(try derived(program, app: app) == secret)
        #expect(try program.run("app", "show", app, "--json").text("webhook_url") == "https://a.example/hook")

        let again = try program.run("webhook", "configure", app, "--url", "http://b.example/", "--json")
        #expect(try again.json["webhook_secret"]?.isNull == true)
        let none = try program.run("webhook", "configure", app, "--none")
        #expect(none.output.contains(/webhook +none\n/))
        #expect(try program.run("app", "show", app, "--json").json["webhook_url"]?.isNull == true)
        // A secret that is there is enough: the keys are not even read.
        program.environment["LATCHKEY_WEBHOOK_KEYS_FILE"] = nil
        #expect(try program.run("webhook", "configure", app, "--url", "https://c.example/").status == 0)
        let user = ProcessInfo.processInfo.userName
        #expect(try program.acts(on: "client_app:\(app)") == [
            "app.create", "webhook.configure", "webhook.secret", "webhook.configure", "webhook.configure",
            "webhook.configure",
        ].map { "\($0) by \(user)" })
        let details = try program.database().run(
            Statement("SELECT string_agg(detail::text, '') FROM latchkey.audit_log"), deadline: .now + .seconds(10))
        let recorded = try #require(try details.text(row: 0, column: 0))
        #expect(recorded.contains("older_expire_at") && !recorded.contains("whsec_"))
    }

    /// `WebhookURLTests` has all that is none.
    @Test("have no URL that nothing would be sent to", arguments: [
        "https://user:hunter2@a.example/", "https://a.example/#x", "https://bücher.example/", "https://a.example:0/",
        "https://[fe80::1%25eth0]/", "https:///hook", "https://a.example/a b",
        "https://a.example/" + String(repeating: "a", count: 2048),
    ])
    func refusedURLs(url: String) throws {
        let program = try Program()
        let app = try app(program)
        for words in [["webhook", "configure", app, "--url"], ["app", "create", "--name", "No", "--webhook-url"]] {
            let run = try program.run(words + [url])
            #expect(run.status == 64)
            #expect(run.errors.hasPrefix("latchkey: a webhook URL begins with http:// or https://"))
            #expect(!run.errors.contains("hunter2"))
        }
        #expect(try program.run("app", "show", app, "--json").json["webhook_url"]?.isNull == true)
        #expect(try program.count(Statement("SELECT count(*) FROM latchkey.client_apps WHERE name = 'No'")) == 0)
    }

    @Test("are not configured in part: a mistake changes nothing")
    func mistakes() throws {
        let program = try Program()
        let app = try app(program)
        let bad = try program.run("webhook", "configure", app, "--url", "ftp://a.example")
        #expect(bad.status == 64)
        #expect(bad.errors.hasPrefix("latchkey: a webhook URL begins with http:// or https://"))
        program.environment["LATCHKEY_WEBHOOK_KEYS_FILE"] = nil
        let keyless = try program.run("webhook", "configure", app, "--url", "https://a.example")
        #expect(keyless.status == 78)
        #expect(keyless.errors.hasPrefix("latchkey: LATCHKEY_WEBHOOK_KEYS_FILE is not set\nHINT: "))
        #expect(try program.run("app", "show", app, "--json").json["webhook_url"]?.isNull == true)
        // Without keys an app is made without a webhook secret.
        let other = try program.run("app", "create", "--name", "A", "--webhook-url", "https://a.example", "--json")
        #expect(other.status == 0)
        #expect(try other.json["webhook_secret"]?.isNull == true)
        program.environment["LATCHKEY_WEBHOOK_KEYS_FILE"] = "/nonexistent"
        let unread = try program.run("app", "create", "--name", "Unread", "--webhook-url", "https://a.example")
        #expect(unread.status == 78)
        #expect(try program.count(Statement("SELECT count(*) FROM latchkey.client_apps WHERE name = 'Unread'")) == 0)

        let nobody = WireFormats.UUID.random().description
        program.environment["LATCHKEY_WEBHOOK_KEYS_FILE"] = program.webhookKeys
        for words in [["configure", nobody, "--url", "https://a.example"], ["secret", nobody], ["test", nobody]] {
            let run = try program.run(["webhook"] + words)
            #expect(run.status == 3)
            #expect(run.errors.hasPrefix("latchkey: there is no client app \(nobody)\n"))
        }
    }

    @Test("get a new secret, beside which older ones are used for a while")
    func secret() throws {
        let program = try Program()
        let app = try app(program, "--webhook-url", "https://a.example")
        let first = try derived(program, app: app)
        let run = try program.run("webhook", "secret", app, "--json")
        let second = try run.text("webhook_secret")
        #expect(second != first)
        #expect(try derived(program, app: app) == second)
        func working() throws -> [Bool?] {
            try program.run("app", "show", app, "--json").json["webhook_secrets"]?.array?
                .map { $0.object?["works"]?.bool } ?? []
        }
        #expect(try working() == [true, true])
        let people = try program.run("webhook", "secret", app, "--overlap", "0")
        #expect(people.output.contains("webhook secret   whsec_") && people.output.contains("shown only now"))
        #expect(try working() == [true, false, false])
        let shown = try program.run("app", "show", app)
        #expect(shown.output.contains(/WEBHOOK SECRET +KEY +CREATED +SIGNS UNTIL\n[0-9a-f-]{36} +first +/))
        #expect(shown.output.contains("(over)") && !shown.output.contains("whsec_"))

        // A new key makes the next one; those of the older key go on.
        try program.run("key", "generate", "--purpose", "webhook", "--kid", "second")
        let third = try program.run("webhook", "secret", app, "--json")
        #expect(try third.text("kid") == "second")
        #expect(try derived(program, app: app) == third.text("webhook_secret"))
    }

    @Test("are listed, shown and sent again")
    func deliveries() throws {
        let program = try Program()
        let recording = try Recording(program)
        let retrieval = try recording.record(StoredContent(), StoredContent())
        try recording.record()
        let list = try program.run("webhook", "list", "--app", recording.app, "--json")
        let deliveries = try #require(try list.json["deliveries"]?.array?.compactMap(\.object))
        #expect(deliveries.count == 2)
        let mine = try #require(deliveries.first { $0["retrieval_id"]?.string == retrieval.description })
        #expect(mine["state"]?.string == "pending" && mine["documents"]?.integer == 2)
        let id = try #require(mine["delivery_id"]?.string)
        #expect(try program.run("webhook", "list", "--app", recording.app, "--limit", "1", "--json")
            .json["deliveries"]?.array?.count == 1)
        #expect(try program.run("webhook", "list", "--app", recording.app, "--state", "dead").output
            == "There is no such delivery.\n")

        try program.database().execute(
            Statement("""
                UPDATE latchkey.webhook_deliveries
                   SET state = 'dead', attempts = 9, last_attempt_at = now(), last_status = 410
                 WHERE id = $1
                """),
            .uuid(try #require(UUID(id))))
        let dead = try program.run("webhook", "list", "--app", recording.app, "--state", "dead")
        #expect(dead.output.contains(/DELIVERY +STATE +ATTEMPTS +LAST +QUEUED +CLIENT APP\n/))
        #expect(dead.output.contains(try Regex("\(id) +dead +9 +HTTP 410 +")), "\(dead.output)")
        let shown = try program.run("webhook", "show", "msg_\(id)")
        #expect(shown.output.contains(/announces +retrieval [0-9]+, success, 2 documents\n/), "\(shown.output)")
        #expect(shown.output.contains(/last outcome +HTTP 410\n/) && !shown.output.contains("next attempt"))

        #expect(try program.run("webhook", "replay", id, "--json").text("webhook_id") == "msg_\(id)")
        let again = try program.run("webhook", "show", id, "--json")
        #expect(try again.text("state") == "pending")
        #expect(try again.json["attempts"]?.integer == 0)
        #expect(try program.run("webhook", "list", "--app", recording.app).output
            .contains(try Regex("\(id) +pending +0 +HTTP 410 +")))
        #expect(try program.acts(on: "delivery:\(id)").count == 1)

        let nobody = WireFormats.UUID.random().description
        for verb in ["show", "replay"] {
            let run = try program.run("webhook", verb, nobody)
            #expect(run.status == 3)
            #expect(run.errors.hasPrefix("latchkey: there is no delivery \(nobody)\n"))
        }
    }

    @Test("are tried, where there is somewhere to send to and something to sign with")
    func test() throws {
        let program = try Program()
        let app = try app(program)
        let urlless = try program.run("webhook", "test", app)
        #expect(urlless.status == 4)
        #expect(urlless.errors.hasPrefix("latchkey: client app \(app) has no webhook URL\nHINT: "))
        try program.run("webhook", "configure", app, "--url", "https://a.example")
        let queued = try program.run("webhook", "test", app)
        #expect(queued.status == 0)
        let id = try #require(queued.output.firstMatch(of: /delivery ([0-9a-f-]{36}) is queued\n/)?.1)
        let shown = try program.run("webhook", "show", String(id), "--json")
        #expect(try shown.text("kind") == "test")
        #expect(try shown.json["taiki_user_id"]?.isNull == true)
        try program.database().execute(
            Statement("UPDATE latchkey.webhook_secrets SET expires_at = now() WHERE client_app_id = $1"),
            .uuid(try #require(UUID(app))))
        let secretless = try program.run("webhook", "test", app)
        #expect(secretless.status == 4)
        #expect(secretless.errors.contains("has no webhook secret that is not over"))
    }
}
