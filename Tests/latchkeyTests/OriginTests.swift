import Foundation
import PostgreSQL
import TestCluster
import Testing
import WireFormats

@Suite("The command's origins", .needsServer, .migratedCluster)
struct OriginTests {
    private func app(_ program: Program) throws -> String {
        try program.run("app", "create", "--name", "App", "--json").text("client_app_id")
    }

    private func origins(_ program: Program, _ app: String) throws -> [String] {
        let listed = try program.run("app", "origin", "list", app, "--json")
        #expect(listed.status == 0, "\(listed.errors)")
        let shown = try program.run("app", "show", app, "--json")
        let origins = try #require(try listed.json["origins"]?.array).compactMap(\.string)
        #expect(try shown.json["origins"]?.array?.compactMap(\.string) == origins)
        return origins
    }

    @Test("are added, listed and removed, each act on the record once")
    func acts() throws {
        let program = try Program()
        let app = try app(program)
        #expect(try origins(program, app).isEmpty)
        #expect(try program.run("app", "origin", "list", app).output.contains("`latchkey app origin add`"))
        let added = try program.run("app", "origin", "add", app, "HTTPS://B.Example:443/", "--json", "--actor", "alice")
        #expect(added.status == 0, "\(added.errors)")
        #expect(try added.text("origin") == "https://b.example")
        #expect(try added.json["registered"]?.bool == true)
        #expect(try program.run("app", "origin", "add", app, "https://b.example").output
            == "pages of https://b.example may show the modal to users of client app \(app)\n")
        #expect(try program.run("app", "origin", "add", app, "http://localhost:3000", "--actor", "bob").status == 0)
        #expect(try origins(program, app) == ["http://localhost:3000", "https://b.example"])
        #expect(try program.run("app", "origin", "list", app).output == "http://localhost:3000\nhttps://b.example\n")
        #expect(try program.run("app", "show", app).output
            .contains(/origins +http:\/\/localhost:3000 https:\/\/b.example\n/))
        let removed = try program.run("app", "origin", "remove", app, "https://B.example", "--json", "--actor", "carol")
        #expect(try removed.json["registered"]?.bool == false)
        #expect(try origins(program, app) == ["http://localhost:3000"])
        #expect(try program.acts(on: "client_app:\(app)").dropFirst().map { $0.split(separator: " ").last } == [
            "alice", "bob", "carol",
        ])
    }

    @Test("are no others than browsers have", arguments: [
        ("https://user:hunter2@app.example", "an origin is https://, a host and perhaps a port"),
        ("https://app.example/page", "an origin is https://, a host and perhaps a port"),
        ("http://app.example", "an origin of http:// is one of localhost, 127.0.0.1 or [::1]"),
    ])
    func refused(text: String, message: String) throws {
        let program = try Program()
        let app = try app(program)
        for verb in ["add", "remove"] {
            let run = try program.run("app", "origin", verb, app, text)
            #expect(run.status == 64)
            #expect(run.errors.hasPrefix("latchkey: \(message)"), "\(run.errors)")
            #expect(!run.errors.contains("hunter2"))
        }
        #expect(try origins(program, app).isEmpty)
    }

    @Test("are at most twenty")
    func tooMany() throws {
        let program = try Program()
        let app = try app(program)
        let fill = Statement("""
            INSERT INTO latchkey.client_app_origins (client_app_id, origin)
            SELECT $1, 'https://a' || number || '.example' FROM generate_series(1, 20) AS number
            """)
        _ = try program.database().run(
            fill, [.uuid(try #require(UUID(app)))], deadline: .now + .seconds(10))
        let run = try program.run("app", "origin", "add", app, "https://b.example")
        #expect(run.status == 4)
        #expect(run.errors.hasPrefix("latchkey: client app \(app) has as many origins as it may have\nHINT: "))
        // One that is there is no new one.
        #expect(try program.run("app", "origin", "add", app, "https://a1.example").status == 0)
        #expect(try origins(program, app).count == 20)
    }

    @Test("of nobody are not found")
    func notFound() throws {
        let program = try Program()
        let (app, nobody) = (try app(program), WireFormats.UUID.random().description)
        for words in [["add", nobody, "https://a.example"], ["remove", nobody, "https://a.example"], ["list", nobody]] {
            let run = try program.run(["app", "origin"] + words)
            #expect(run.status == 3)
            #expect(run.errors.hasPrefix("latchkey: there is no client app \(nobody)\n"))
        }
        let none = try program.run("app", "origin", "remove", app, "https://a.example")
        #expect(none.status == 3)
        #expect(none.errors.hasPrefix("latchkey: client app \(app) has no origin https://a.example\nHINT: "))
    }
}
