import Foundation
import TestCluster
import Testing
import WireFormats

@Suite("The command's collectors and platforms", .needsServer, .migratedCluster)
struct CollectorTests {
    @Test("begin with a key that works at once and is shown once")
    func create() throws {
        let program = try Program()
        let run = try program.run("collector", "create", "--name", "Farm 1", "--actor", "alice", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let (id, key) = try (run.text("collector_id"), run.text("collector_key"))
        #expect(key.wholeMatch(of: /lk_coll_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}/) != nil)
        #expect(try program.acts(on: "collector:\(id)") == ["collector.create by alice"])

        let list = try program.run("collector", "list", "--json")
        let listed = try #require(
            try list.json["collectors"]?.array?.compactMap(\.object).first { $0["collector_id"]?.string == id })
        #expect(listed["hint"]?.string == String(key.prefix(12)))
        #expect(listed["active"]?.bool == true)
        let text = try program.run("collector", "list")
        #expect(text.output.contains(/[0-9a-f-]{36}   active +20[0-9-]+T[0-9:]+Z   lk_coll_....\.\.\.   Farm 1/))
        let dump = try program.cluster.run(
            "pg_dump", "--host", program.cluster.folder.path, "--username", "postgres", "--inserts", "postgres")
        #expect(dump.contains(id))
        for secret in [key, String(key.dropFirst(12))] {
            #expect(!list.output.contains(secret) && !text.output.contains(secret) && !dump.contains(secret))
        }

        let people = try program.run("collector", "create", "--name", "Farm 2")
        #expect(people.output.contains("collector key   lk_coll_"))
        #expect(people.output.contains("The key is shown only now."))
    }

    @Test("are disabled and enabled, and what is none is not found")
    func activation() throws {
        let program = try Program()
        let recording = try Recording(program)
        #expect(try recording.begin(.random()) == "ok")
        let id = recording.collector
        #expect(try program.run("collector", "disable", id).output == "collector \(id) is disabled\n")
        #expect(try program.run("collector", "disable", id, "--json").json["active"]?.bool == false)
        #expect(try recording.begin(.random()) == "disabled_collector")
        #expect(try program.run("collector", "enable", id).output == "collector \(id) is active\n")
        #expect(try program.acts(on: "collector:\(id)").map { $0.prefix(while: { $0 != " " }) }
            == ["collector.create", "collector.disable", "collector.enable"])
        #expect(try recording.begin(.random()) == "ok")

        let nobody = WireFormats.UUID.random().description
        for verb in ["disable", "enable"] {
            let run = try program.run("collector", verb, nobody)
            #expect(run.status == 3)
            #expect(run.errors.hasPrefix("latchkey: there is no collector \(nobody)\nHINT: "))
        }
    }

    @Test("and platforms are refused where the schema does not allow them", arguments: [
        (["collector", "create", "--name", ""], "a name has 1 to 200 characters"),
        (["collector", "create", "--name", "a\tb"], "a name has no control characters"),
        (["platform", "create", "First Bank", "--name", "x", "--sandbox"], "a platform's id is letters"),
        (["platform", "create", "a--b", "--name", "x", "--sandbox"], "a platform's id is letters"),
        (["platform", "create", "", "--name", "x", "--sandbox"], "a platform's id "),
        (["platform", "create", String(repeating: "x", count: 65), "--name", "x", "--sandbox"], "a platform's id has"),
        (["platform", "create", "bank", "--name", "", "--sandbox"], "a name has 1 to 200 characters"),
        (["platform", "create", "bank", "--name", "a\nb", "--sandbox"], "a name has no control characters"),
        (
            ["platform", "create", "bank", "--name", "x", "--sandbox", "--connector-url", "file:///x"],
            "a connector URL begins with http:// or https://"
        ),
    ])
    func constraints(arguments: [String], sentence: String) throws {
        let run = try Program().run(arguments)
        #expect(run.status == 64)
        #expect(run.errors.hasPrefix("latchkey: \(sentence)"), "\(run.errors)")
    }

    @Test("may retrieve from the platforms of the catalogue that are active")
    func platforms() throws {
        let program = try Program()
        let made = try program.run(
            "platform", "create", "second-bank", "--name", "Second Bank", "--production", "--sandbox",
            "--connector-url", "https://connectors.example/second", "--json")
        #expect(made.status == 0, "\(made.errors)")
        #expect(try made.text("platform_id") == "second-bank")
        let again = try program.run("platform", "create", "second-bank", "--name", "Other", "--sandbox")
        #expect(again.status == 4)
        #expect(again.errors.hasPrefix("latchkey: there is a platform second-bank already\n"))

        let list = try program.run("platform", "list")
        #expect(list.output.contains(/first-sandbox-bank +active +sandbox +- +First Sandbox Bank/), "\(list.output)")
        #expect(list.output.contains(
            /second-bank +active +production and sandbox +https:\/\/connectors.example\/second +Second Bank/))

        let recording = try Recording(program)
        #expect(try recording.begin(.random(), platform: "second-bank") == "ok")
        #expect(try program.run("platform", "disable", "second-bank").output == "platform second-bank is disabled\n")
        #expect(try recording.begin(.random(), platform: "second-bank") == "unknown_platform")
        let listed = try program.run("platform", "list", "--json").json["platforms"]?.array?.compactMap(\.object)
        #expect(listed?.first { $0["platform_id"]?.string == "second-bank" }?["active"]?.bool == false)
        #expect(try program.run("platform", "enable", "second-bank", "--json").json["active"]?.bool == true)
        let outcome = try recording.begin(.random(), platform: "second-bank")
        #expect(outcome == "ok")
        #expect(try program.acts(on: "platform:second-bank").count == 3)
        for verb in ["disable", "enable"] {
            #expect(try program.run("platform", verb, "no-bank").status == 3)
        }
    }
}
