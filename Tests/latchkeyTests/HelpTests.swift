import Testing

@Suite("The command's help")
struct HelpTests {
    @Test("lists the exit codes, the settings and how completion is set up")
    func help() throws {
        let run = try Program(makesKeys: false).run("--help")
        #expect(run.status == 0)
        #expect(run.output.contains("""
            EXIT STATUS
              0   done
              1   failed, and the message says why; or the doctor found something wrong
              3   there is no such client app, origin, API key, user, collector,
                  platform or delivery
              4   refused: a token that is not accepted or cannot be revoked, a key or a
                  platform of that name is there already, or a client app lacks what a
                  test of its webhook needs or has as many origins as it may have
              64  a wrong argument
              69  the database cannot be reached
              78  a setting, a key file or the database's schema is not as it must be

            USAGE: latchkey <subcommand>
            """))
        #expect(run.output.contains("latchkey --generate-completion-script bash"))
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("is there for each command, with examples where there is more than a name to give", arguments: [
        ["app", "create"], ["app", "list"], ["app", "show"], ["app", "disable"], ["app", "enable"],
        ["app", "origin", "add"], ["app", "origin", "remove"], ["app", "origin", "list"],
        ["secret", "regenerate"], ["key", "generate"], ["key", "list"], ["token", "inspect"], ["token", "revoke"],
        ["user", "show"], ["user", "erase"], ["collector", "create"], ["collector", "list"],
        ["collector", "disable"], ["collector", "enable"], ["platform", "create"], ["platform", "list"],
        ["platform", "disable"], ["platform", "enable"], ["webhook", "configure"], ["webhook", "secret"],
        ["webhook", "list"], ["webhook", "show"], ["webhook", "replay"], ["webhook", "test"],
        ["maintenance", "run"], ["doctor"],
    ])
    func commands(words: [String]) throws {
        let run = try Program(makesKeys: false).run(words + ["--help"])
        #expect(run.status == 0)
        #expect(run.output.contains("USAGE: latchkey \(words.joined(separator: " ")) "))
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE") })
    }

    @Test("of a shell completes all commands", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) throws {
        let run = try Program(makesKeys: false).run("--generate-completion-script", shell)
        #expect(run.status == 0)
        #expect(run.output.contains("regenerate") && run.output.contains("token-file"))
    }

    @Test("is what a wrong argument leads to", arguments: [
        ["nonsense"], ["app", "show"], ["app", "show", "not-a-uuid"], ["app", "create"], ["user", "show"],
        ["key", "generate", "--purpose", "other"], ["collector", "disable", "x"], ["webhook", "show", "msg_x"],
        ["platform", "create", "bank", "--name", "Bank"], ["webhook", "list", "--state", "lost"],
        ["webhook", "list", "--limit", "0"], ["maintenance", "run", "--keep-audit-months", "2"],
        ["webhook", "configure", "01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11"],
        ["webhook", "configure", "01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11", "--none", "--url", "https://a.example"],
        ["maintenance", "run", "--abandon-hours", "0"], ["token", "inspect", "eyJhbGciOiJIUzI1NiJ9.e30.AA"],
    ])
    func wrongArguments(words: [String]) throws {
        let run = try Program(makesKeys: false).run(words)
        #expect(run.status == 64)
        #expect(run.errors.hasPrefix("Error: "))
        #expect(run.output.isEmpty)
    }
}
