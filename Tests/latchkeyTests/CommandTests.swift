import Foundation
import JOSE
import LatchkeyCore
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@Suite("The command", .needsServer, .migratedCluster)
struct CommandTests {
    // MARK: Client apps and secrets

    @Test("makes a client app whose key and secret work at once")
    func create() throws {
        let program = try Program()
        let run = try program.run(
            "app", "create", "--name", "Tax Planner", "--organisation-id", "org-1", "--webhook-url",
            "https://planner.example/hooks", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let secret = try run.text("api_secret")
        #expect(secret.wholeMatch(of: /lk_live_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}/) != nil)
        #expect(try run.json["sandbox_only"]?.bool == false)
        #expect(try program.tokenContext(apiKey: run.text("api_key"), secret: secret) == "ok")
        #expect(try program.tokenContext(apiKey: run.text("api_key"), secret: secret, mode: "sandbox") == "ok")
        #expect(try program.tokenContext(apiKey: run.text("api_key"), secret: secret + "x") == "wrong_secret")

        let shown = try program.run("app", "show", run.text("client_app_id"), "--json")
        #expect(try shown.text("name") == "Tax Planner")
        #expect(try shown.text("organisation_id") == "org-1")
        #expect(try shown.text("webhook_url") == "https://planner.example/hooks")
        #expect(try shown.json["webhook_secrets"]?.array?.count == 1)
        let webhookSecret = try run.text("webhook_secret")
        #expect(webhookSecret.wholeMatch(of: /whsec_[A-Za-z0-9+\/]{43}=/) != nil)
        #expect(!shown.output.contains(webhookSecret))
        let credential = try #require(try shown.json["credentials"]?.array?.first?.object)
        #expect(credential["secrets"]?.array?.first?.object?["hint"]?.string == String(secret.prefix(12)))
        #expect(!shown.output.contains(secret))
    }

    @Test("makes a client app for the sandbox alone")
    func sandboxOnly() throws {
        let program = try Program()
        let run = try program.run("app", "create", "--name", "Tests", "--sandbox-only", "--json")
        let (key, secret) = (try run.text("api_key"), try run.text("api_secret"))
        #expect(secret.hasPrefix("lk_test_"))
        #expect(try program.tokenContext(apiKey: key, secret: secret, mode: "sandbox") == "ok")
        #expect(try program.tokenContext(apiKey: key, secret: secret) == "wrong_mode")
    }

    @Test("shows client apps to people, too")
    func text() throws {
        let program = try Program()
        let created = try program.run("app", "create", "--name", "Naïve 試験")
        #expect(created.output.contains("API secret   lk_live_"))
        #expect(created.output.contains("The secret is shown only now."))
        let id = try #require(created.output.firstMatch(of: /client app +([0-9a-f-]{36})/)?.1)
        let list = try program.run("app", "list")
        #expect(list.output.hasPrefix("CLIENT APP"))
        let row = list.output.split(separator: "\n").first { $0.hasPrefix(id) }
        #expect(row?.wholeMatch(of: /.{36}   active +20[0-9-]+T[0-9:]+Z   Naïve 試験/) != nil, "\(list.output)")
        let shown = try program.run("app", "show", String(id))
        #expect(shown.output.contains("state        active"))
        #expect(shown.output.contains(/\ \ lk_live_....\.\.\.   [0-9T:Z-]+   it is regenerated/))
    }

    @Test("disables and enables a client app, and says when there is none")
    func activation() throws {
        let program = try Program()
        let created = try program.run("app", "create", "--name", "App", "--json")
        let app = try created.text("client_app_id")
        let (key, secret) = try (created.text("api_key"), created.text("api_secret"))
        #expect(try program.run("app", "disable", app).output == "client app \(app) is disabled\n")
        #expect(try program.tokenContext(apiKey: key, secret: secret) == "disabled_app")
        #expect(try program.run("app", "disable", app).status == 0)
        #expect(try program.run("app", "enable", app, "--json").json["active"]?.bool == true)
        #expect(try program.tokenContext(apiKey: key, secret: secret) == "ok")
        let user = ProcessInfo.processInfo.userName
        #expect(try program.acts(on: "client_app:\(app)")
            == ["app.create by \(user)", "app.disable by \(user)", "app.enable by \(user)"])

        let nobody = WireFormats.UUID.random().description
        for verb in ["show", "disable", "enable"] {
            let run = try program.run("app", verb, nobody)
            #expect(run.status == 3)
            #expect(run.errors == "latchkey: there is no client app \(nobody)\nHINT: `latchkey app list` shows all.\n")
            #expect(run.output.isEmpty)
        }
    }

    @Test("explains what the schema does not allow", arguments: [
        (["--name", ""], "a name has 1 to 200 characters"),
        (["--name", String(repeating: "x", count: 201)], "a name has 1 to 200 characters"),
        (["--name", "a\nb"], "a name has no control characters"),
        (["--name", "a", "--organisation-id", ""], "an organisation id has 1 to 255 characters"),
        (["--name", "a", "--webhook-url", "ftp://x"], "a webhook URL begins with http:// or https://"),
        (["--name", "a", "--actor", ""], "an actor has 1 to 200 characters"),
        (["--name", "a", "--actor", "a\tb"], "an actor has no control characters"),
    ])
    func constraints(arguments: [String], sentence: String) throws {
        let run = try Program().run(["app", "create"] + arguments)
        #expect(run.status == 64)
        #expect(run.errors.hasPrefix("latchkey: \(sentence)"), "\(run.errors)")
    }

    @Test("regenerates a secret with an overlap, during which both work, or without")
    func regenerate() throws {
        let program = try Program()
        let created = try program.run("app", "create", "--name", "App", "--json")
        let (key, first) = try (created.text("api_key"), created.text("api_secret"))
        let second = try program.run("secret", "regenerate", key, "--overlap", "24h", "--json").text("api_secret")
        #expect(try program.tokenContext(apiKey: key, secret: first) == "ok")
        #expect(try program.tokenContext(apiKey: key, secret: second) == "ok")
        let third = try program.run("secret", "regenerate", key, "--overlap", "0", "--actor", "alice", "--json")
        #expect(try program.tokenContext(apiKey: key, secret: first) == "expired_secret")
        #expect(try program.tokenContext(apiKey: key, secret: second) == "expired_secret")
        #expect(try program.tokenContext(apiKey: key, secret: third.text("api_secret")) == "ok")
        #expect(try program.acts(on: "credential:\(key)").last == "secret.regenerate by alice")
        let run = try program.run("secret", "regenerate", WireFormats.UUID.random().description)
        #expect(run.status == 3)
        #expect(run.errors.hasPrefix("latchkey: there is no API key "))
    }

    @Test("refuses an overlap that is none", arguments: ["", "24", "h", "1x", "-1h", "9999999999h", "367d", "1h30"])
    func overlap(text: String) throws {
        let run = try Program().run("secret", "regenerate", WireFormats.UUID.random().description, "--overlap=\(text)")
        #expect(run.status == 64)
    }

    @Test("stores no secret: a dump of the database holds none")
    func dump() throws {
        let program = try Program()
        let created = try program.run("app", "create", "--name", "App", "--json")
        let secret = try created.text("api_secret")
        let again = try program.run("secret", "regenerate", created.text("api_key"), "--json").text("api_secret")
        let dump = try program.cluster.run(
            "pg_dump", "--host", program.cluster.folder.path, "--username", "postgres", "--inserts", "postgres")
        #expect(try dump.contains(created.text("client_app_id")))
        for secret in [secret, again] {
            #expect(!dump.contains(secret))
            #expect(!dump.contains(secret.dropFirst(12)))
        }
    }

    // MARK: Users

    @Test("shows and erases a user")
    func users() throws {
        let program = try Program()
        let created = try program.run("app", "create", "--name", "App", "--json")
        let app = try created.text("client_app_id")
        let (key, secret) = try (created.text("api_key"), created.text("api_secret"))
        let user = WireFormats.UUID.random()
        #expect(try program.tokenContext(apiKey: key, secret: secret, newUser: user) == "ok")

        let shown = try program.run("user", "show", user.description, "--app", app, "--json")
        #expect(try shown.text("taiki_user_id") == user.description)
        #expect(try shown.text("mode") == "production")
        #expect(try shown.text("request_id") == "test")
        #expect(try shown.text("last_seen_on").wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil)
        let people = try program.run("user", "show", user.description, "--app", app)
        #expect(people.output.contains("made by request   test"))

        #expect(try program.run("user", "erase", user.description, "--app", app).output == """
            user \(user) is erased; removed with it:
              0   platform links
              0   documents
              0   retrievals
              0   webhook deliveries
              0   stored files

            """)
        let again = try program.run("user", "erase", user.description, "--app", app, "--json")
        #expect(again.status == 0)
        #expect(try again.json["erased_now"]?.bool == false)
        let tombstone = try program.run("user", "show", user.description, "--app", app, "--json")
        #expect(try tombstone.json["request_id"]?.isNull == true)
        #expect(try program.acts(on: "user:\(app)/\(user)").count == 1)

        let other = WireFormats.UUID.random().description
        for verb in ["show", "erase"] {
            #expect(try program.run("user", verb, user.description, "--app", other).status == 3)
            #expect(try program.run("user", verb, other, "--app", app).status == 3)
        }
    }

    // MARK: Tokens

    @Test("inspects a token, and says why it is not accepted")
    func inspect() throws {
        let program = try Program()
        let created = try program.run("app", "create", "--name", "App", "--json")
        let app = try created.text("client_app_id")
        let user = WireFormats.UUID.random()
        _ = try program.tokenContext(
            apiKey: created.text("api_key"), secret: created.text("api_secret"), newUser: user)
        let token = try program.token(app: app, user: user.description)

        let accepted = try program.run("token", "inspect", "--json", input: token + "\n")
        #expect(accepted.status == 0, "\(accepted.output)\(accepted.errors)")
        #expect(try accepted.json["accepted"]?.bool == true)
        #expect(try accepted.json["claims"]?.object?["client_app_id"]?.string == app)
        #expect(try accepted.text("kid") == "first")
        let file = program.folder.appending(path: "token")
        try Data("  \(token)\n".utf8).write(to: file)
        let text = try program.run("token", "inspect", "--token-file", file.path)
        #expect(text.output.hasPrefix("accepted        yes\n"))
        #expect(!text.output.contains(token) && !accepted.output.contains(token))

        func refusal(of token: String) throws -> String? {
            let run = try program.run("token", "inspect", "--json", input: token)
            #expect(run.status == 4)
            return try run.json["refusal"]?.string
        }
        let foreign = try KeySet.generateHS256(kid: try #require(KeyID("first")))
        let unknown = try KeySet.generateHS256(kid: try #require(KeyID("unknown")))
        let nobody = WireFormats.UUID.random().description
        #expect(try refusal(of: token + "A") != nil)
        #expect(try refusal(of: program.token(app: app, user: nobody, keys: foreign))
            == "the token's signature is wrong")
        #expect(try refusal(of: program.token(app: app, user: nobody, keys: unknown))
            == "the token names no key of this service")
        #expect(try refusal(of: program.token(app: app, user: nobody, issued: .now - 3601)) == "the token has expired")
        #expect(try refusal(of: program.token(app: app, user: nobody, id: "short"))
            == "a claim is missing or not of the right form")
        #expect(try refusal(of: program.token(app: nobody, user: nobody)) == "its client app is unknown")

        let revoked = try program.token(app: app, user: user.description)
        #expect(try program.run("token", "revoke", "--reason", "lost", input: revoked).status == 0)
        #expect(try refusal(of: revoked)?.hasPrefix("it was revoked at 20") == true)
        try program.run("user", "erase", user.description, "--app", app)
        #expect(try refusal(of: token) == "its user is erased")
        try program.run("app", "disable", app)
        #expect(try refusal(of: token) == "its client app is disabled")
    }

    @Test("says that something else is no token", arguments: ["", "\n", "abc", "a.b.c", "e30.e30.", "e30.W10.AA"])
    func noToken(text: String) throws {
        let program = try Program()
        for verb in ["inspect", "revoke"] {
            let run = try program.run("token", verb, input: text)
            #expect(run.status == (text.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty ? 64 : 4))
            #expect(text.isEmpty || text == "\n" || !run.errors.contains(text))
        }
    }

    @Test("shows nothing of a token's claims that could steer a terminal")
    func hostileClaims() throws {
        let program = try Program()
        let signer = try Signer(key: try KeySet.load(fromFile: program.tokenKeys).current)
        let claims = #"{"exp":1,"iat":1,"a\u001b[2Jb":"\u001b]0;x\u0007\u202e\nz"}"#
        let token = String(decoding: try signer.sign(claims: Array(claims.utf8)), as: UTF8.self)
        let run = try program.run("token", "inspect", input: token)
        #expect(run.output.contains("a?[2Jb     ?]0;x???z\n"), "\(run.output)")
        let json = try program.run("token", "inspect", "--json", input: token)
        #expect(json.output.contains(claims))
    }

    @Test("revokes a token that is described, once, and not one that cannot be")
    func revoke() throws {
        let program = try Program()
        let app = try program.run("app", "create", "--name", "App", "--json").text("client_app_id")
        let id = String.randomTokenID()
        func revoke(_ id: String, app: String, expiresAt: Int64) throws -> Program.Run {
            try program.run("token", "revoke", "--id", id, "--app", app, "--expires-at", "\(expiresAt)", "--json")
        }
        #expect(try revoke(id, app: app, expiresAt: .now + 60).text("outcome") == "revoked")
        #expect(try revoke(id, app: app, expiresAt: .now + 60).text("outcome") == "revoked_before")
        #expect(try revoke(.randomTokenID(), app: app, expiresAt: .now - 1).text("outcome") == "expired_before")
        #expect(try program.acts(on: "token:\(id)").count == 1)
        let unknown = try revoke(.randomTokenID(), app: WireFormats.UUID.random().description, expiresAt: .now + 60)
        #expect(unknown.status == 3)
        #expect(unknown.errors == "latchkey: there is no such client app\n")
        #expect(try revoke(.randomTokenID(), app: app, expiresAt: .now + 4000).status == 4)
        #expect(try program.run("token", "revoke", "--id", id).status == 64)
        #expect(try program.run("token", "revoke", "--id", "XYZ", "--app", app, "--expires-at", "1").status == 64)
        let user = WireFormats.UUID.random().description
        let long = try program.token(app: app, user: user, lifetime: 1_000_000)
        #expect(try program.run("token", "revoke", input: long).status == 4)
    }
}
