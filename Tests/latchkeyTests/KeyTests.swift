import Foundation
import JOSE
import TestCluster
import Testing
import WireFormats

@Suite("The command's keys", .needsServer, .migratedCluster)
struct KeyTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("are made in a new file that only its owner can read, and then added as the current one", arguments: [
        "token", "secret-hash", "download", "webhook",
    ])
    func generate(purpose: String) throws {
        let program = try Program(makesKeys: false)
        let files = [
            "token": program.tokenKeys, "secret-hash": program.secretHashKeys, "download": program.downloadKeys,
            "webhook": program.webhookKeys,
        ]
        let file = try #require(files[purpose])
        let first = try program.run("key", "generate", "--purpose", purpose, "--json")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try mode(file) == 0o600)
        let second = try program.run("key", "generate", "--purpose", purpose, "--kid", "my.own_key-2", "--json")
        #expect(try second.text("kid") == "my.own_key-2")
        #expect(try mode(file) == 0o600)
        let keys = try KeySet.load(fromFile: file)
        #expect(try keys.keys.map(\.id.description) == ["my.own_key-2", first.text("kid")])
        #expect(try first.text("kid").wholeMatch(of: /20[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9a-f]{8}/) != nil)
        #expect(try program.acts(on: "key:my.own_key-2").last?.hasPrefix("key.generate by ") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: program.folder.path).count == 1)

        let again = try program.run("key", "generate", "--purpose", purpose, "--kid", "my.own_key-2")
        #expect(again.status == 4)
        #expect(again.errors == "latchkey: \(file) holds a key my.own_key-2 already\n")
    }

    @Test("are listed by name, never themselves")
    func list() throws {
        let program = try Program()
        try program.run("key", "generate", "--kid", "second")
        let text = try program.run("key", "list")
        #expect(text.output == """
            KEY      ALGORITHM   USE
            second   HS256       signs and verifies
            first    HS256       verifies

            """)
        let json = try program.run("key", "list", "--json")
        let stored = try String(contentsOfFile: program.tokenKeys, encoding: .utf8)
        for material in stored.matches(of: /"k":"([^"]+)"/) {
            #expect(!text.output.contains(material.1) && !json.output.contains(material.1))
        }
        #expect(try json.json["keys"]?.array?.first?.object?["current"]?.bool == true)
    }

    @Test("come with advice")
    func advice() throws {
        let program = try Program()
        #expect(try program.run("key", "generate").output.contains("systemctl reload latchkeyd"))
        let secretHash = try program.run("key", "generate", "--purpose", "secret-hash")
        #expect(secretHash.output.contains("Before you make a secret"))
        let download = try program.run("key", "generate", "--purpose", "download")
        #expect(download.output.contains("systemctl reload latchkeyd first"))
        let webhook = try program.run("key", "generate", "--purpose", "webhook")
        #expect(webhook.output.contains("leave older keys in"))
    }

    @Test("are not made where the act cannot be recorded")
    func unrecorded() throws {
        let program = try Program(makesKeys: false)
        program.environment["LATCHKEY_DATABASE_URL"] = "host=/nonexistent"
        #expect(try program.run("key", "generate").status == 69)
        program.environment["LATCHKEY_DATABASE_URL"] = nil
        #expect(try program.run("key", "generate").status == 78)
        #expect(!FileManager.default.fileExists(atPath: program.tokenKeys))
    }

    @Test("are not read from a file that others may read, nor replaced there")
    func openFile() throws {
        let program = try Program()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: program.tokenKeys)
        let before = try Data(contentsOf: URL(filePath: program.tokenKeys))
        for run in [try program.run("key", "list"), try program.run("key", "generate")] {
            #expect(run.status == 78)
            #expect(run.errors.contains("chmod 600"))
        }
        #expect(try Data(contentsOf: URL(filePath: program.tokenKeys)) == before)
    }

    @Test("have names of 1 to 64 characters", arguments: ["", "a b", "ä", String(repeating: "x", count: 65)])
    func names(kid: String) throws {
        #expect(try Program().run("key", "generate", "--kid", kid).status == 64)
    }
}
