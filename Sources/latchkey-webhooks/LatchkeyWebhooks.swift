import ArgumentParser
import FoundationEssentials
import LatchkeyServer

@main
struct LatchkeyWebhooks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey-webhooks",
        abstract: "Sends webhooks to client apps.",
        discussion: """
            It takes from the database what is to be announced, signs it by the Standard Webhooks specification, and \
            sends it until the receiver has taken it, for three days. Several of it may run at a time.

            It is configured by LATCHKEY_... variables of the environment, or by a file of the same names, which may \
            be latchkeyd's. Secrets are read from files that the settings name.

            SIGTERM lets end what is under way, for 10 s, and exits 0. SIGHUP reads the key files and the \
            certificates again.

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
        throw ExitCode(try Sender.run(settings, environment: environment))
    }

    private static func refuse(_ mistakes: [String]) throws {
        guard !mistakes.isEmpty else { return }
        for mistake in mistakes { writeToStandardError("latchkey-webhooks: \(mistake)\n") }
        throw ExitCode(78)
    }
}
