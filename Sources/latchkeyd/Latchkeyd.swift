import ArgumentParser
import FoundationEssentials
import LatchkeyServer

@main
struct Latchkeyd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkeyd",
        abstract: "Hands out and checks the short-lived tokens that open an embedded app.",
        discussion: """
            A FastCGI responder behind nginx. It is configured by LATCHKEY_... variables of the environment, or by a \
            file of the same names; deploy/systemd/latchkeyd.conf lists them all. Secrets are read from files that \
            the settings name, never from the environment or from arguments.

            Instances of it, two by default, serve side by side, each a process; the first process starts them, \
            starts another for one that dies, and passes signals on.

            SIGTERM answers what is under way and exits 0. SIGHUP reads the key files again.

            EXIT STATUS
              0   stopped as asked, or the configuration is right
              1   the start failed; the last line on standard error says why
              64  a wrong argument
              78  the configuration has mistakes; each is a line on standard error
            """,
        version: "0.1.0")

    @Option(help: "A file of NAME=value lines and # comments. The environment wins over it.")
    var config: String?

    @Flag(help: "Print the configuration as it is understood, and exit.")
    var checkConfig = false

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        if checkConfig {
            let check = ConfigurationCheck(environment: environment, file: config)
            print(check.text, terminator: "")
            try Self.refuse(check.mistakes)
            return
        }
        let (settings, mistakes) = Settings.read(environment: environment, file: config)
        try Self.refuse(mistakes)
        throw ExitCode(try Server.run(settings: settings, environment: environment))
    }

    private static func refuse(_ mistakes: [String]) throws {
        guard !mistakes.isEmpty else { return }
        for mistake in mistakes { writeToStandardError("latchkeyd: \(mistake)\n") }
        throw ExitCode(78)
    }
}
