import ArgumentParser
import FastCGI
import Foundation
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

struct Doctor: AnsweringCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks whether everything is in order, and says what is wrong and how to mend it.",
        discussion: """
            Exits 0 when nothing is wrong: the database is reached as \
            latchkey_administrator, its schema is one that this release knows, both key \
            files can be used, somebody listens at both sockets, and nginx finds no mistake \
            in its configuration. Sockets and nginx are skipped, and said to be, where the \
            settings do not name them.

            Run it as the user that latchkeyd runs as, or as root.

            EXAMPLES
              latchkey doctor
              latchkey doctor --config latchkeyd.conf --nginx-config /etc/nginx/nginx.conf
            """)

    @Option(
        help: .init("nginx's configuration file, for `nginx -t` (default: LATCHKEY_NGINX_CONFIG).", valueName: "file"),
        completion: .file())
    var nginxConfig: String?

    @OptionGroup var common: CommonOptions

    func answer(_ settings: Settings) throws -> any Answer {
        Diagnosis(checks: [
            Self.database(settings),
            Self.keys(settings, .token), Self.keys(settings, .secretHash),
            Self.socket(settings, "LATCHKEY_VERIFY_SOCKET"), Self.socket(settings, "LATCHKEY_DATABASE_SOCKET"),
            Self.nginx(nginxConfig ?? settings["LATCHKEY_NGINX_CONFIG"]),
        ])
    }

    struct Diagnosis: Answer {
        let checks: [Check]

        var status: ExitStatus { checks.contains { $0.outcome == .wrong } ? .failed : .done }

        var text: String {
            checks.map { check in
                let outcome = check.outcome.rawValue
                let gap = String(repeating: " ", count: 10 - outcome.count)
                let hint = check.hint.map { "\n          HINT: \($0)" } ?? ""
                return outcome + gap + check.name + ": " + check.finding.printable + hint
            }.joined(separator: "\n")
        }

        func write(to json: inout JSONWriter) {
            json.member("healthy", status == .done)
            json.beginArray("checks")
            for check in checks {
                json.beginObject()
                json.member("name", check.name)
                json.member("outcome", check.outcome.rawValue)
                json.member("finding", check.finding)
                json.member("hint", check.hint)
                json.endObject()
            }
            json.endArray()
        }
    }

    struct Check {
        enum Outcome: String {
            case ok, wrong, skipped
        }

        let name: String
        let outcome: Outcome
        let finding: String
        let hint: String?

        init(_ name: String, _ outcome: Outcome, _ finding: String, hint: String? = nil) {
            self.name = name
            self.outcome = outcome
            self.finding = finding
            self.hint = hint
        }
    }

    private static func database(_ settings: Settings) -> Check {
        do throws(Failure) {
            let administration = try settings.administration()
            let version = administration.serverVersion ?? 0
            return Check(
                "database", .ok,
                "PostgreSQL \(version / 10_000).\(version % 10_000), schema version "
                    + "\(administration.schema?.version ?? 0), as latchkey_administrator")
        } catch {
            return Check("database", .wrong, error.message, hint: error.hint)
        }
    }

    private static func keys(_ settings: Settings, _ purpose: KeyPurpose) -> Check {
        let name = "\(purpose.rawValue) keys"
        do throws(Failure) {
            let keys = try settings.keys(purpose).keys
            return Check(name, .ok, "\(keys.count), \(keys[0].id) is current")
        } catch {
            return Check(name, .wrong, error.message, hint: error.hint)
        }
    }

    private static func socket(_ settings: Settings, _ setting: String) -> Check {
        let name = setting == "LATCHKEY_VERIFY_SOCKET" ? "verify socket" : "database socket"
        guard let path = settings[setting] else { return Check(name, .skipped, "\(setting) is not set") }
        do throws(FastCGIError) {
            try SocketProbe.connect(to: path)
            return Check(name, .ok, "somebody listens at \(path)")
        } catch {
            return Check(
                name, .wrong, "\(error)",
                hint: "Look whether latchkeyd runs and what it logged: systemctl status latchkeyd.")
        }
    }

    /// What `nginx -t` says of a configuration file.
    private static func nginx(_ file: String?) -> Check {
        guard let file else {
            return Check("nginx", .skipped, "neither --nginx-config nor LATCHKEY_NGINX_CONFIG names its configuration")
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // Until it has read the file, nginx would log to a place that only root may write to.
        process.arguments = ["nginx", "-t", "-q", "-e", "stderr", "-c", file]
        // Where Debian puts nginx is on root's PATH only.
        let environment = ProcessInfo.processInfo.environment
        process.environment = environment.merging(["PATH": (environment["PATH"] ?? "/usr/bin") + ":/usr/sbin"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            return Check("nginx", .wrong, "nginx cannot be run: \(error.localizedDescription)")
        }
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let complaints = said.split(separator: "\n").map(\.trimmed).joined(separator: "; ")
            return Check(
                "nginx", .wrong, complaints.isEmpty ? "nginx -t exits \(process.terminationStatus)" : complaints,
                hint: "Mend the file, then `nginx -t -c \(file)` and `systemctl reload nginx`.")
        }
        return Check("nginx", .ok, "nginx finds no mistake in \(file)")
    }
}
