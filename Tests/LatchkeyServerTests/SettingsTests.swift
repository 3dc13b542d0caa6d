import Foundation
import LatchkeyCore
import LatchkeyServer
import Logging
import Testing

/// The least that a configuration must say.
private let least = [
    "LATCHKEY_DATABASE_CONNINFO": "host=/run/postgresql dbname=latchkey",
    "LATCHKEY_KEYS_FILE": "/etc/latchkey/tokens.jwks",
    "LATCHKEY_SECRET_HASH_KEYS_FILE": "/etc/latchkey/hashes.jwks",
    "LATCHKEY_DOWNLOAD_KEYS_FILE": "/etc/latchkey/downloads.jwks",
    "LATCHKEY_DOCUMENTS_FOLDER": "/var/lib/latchkey/documents",
    "LATCHKEY_PRODUCTION_URL": "https://api.example.com",
    "LATCHKEY_SANDBOX_URL": "https://sandbox.example.com",
]

private func mistakes(_ changes: [String: String]) -> [String] {
    Settings.read(environment: least.merging(changes) { $1 }, file: nil).mistakes
}

@Suite("The settings")
struct SettingsTests {
    @Test("have these defaults")
    func defaults() {
        let (settings, mistakes) = Settings.read(environment: least, file: nil)
        #expect(mistakes.isEmpty)
        #expect(settings.verifyWorkers == (ProcessInfo.processInfo.activeProcessorCount + 1) / 2)
        #expect(settings.text == """
            # LATCHKEY_VERIFY_SOCKET is not set
            # LATCHKEY_DATABASE_SOCKET is not set
            # LATCHKEY_UPLOAD_SOCKET is not set
            # LATCHKEY_SOCKET_GROUP is not set
            LATCHKEY_PEER_USERS=www-data
            LATCHKEY_INSTANCES=2
            LATCHKEY_VERIFY_WORKERS=\(settings.verifyWorkers)
            LATCHKEY_DATABASE_WORKERS=4
            LATCHKEY_UPLOAD_WORKERS=3
            LATCHKEY_SOCKET_TIMEOUT_SECONDS=10
            LATCHKEY_QUEUE_MILLISECONDS=1000
            LATCHKEY_DATABASE_CONNINFO=host=/run/postgresql dbname=latchkey
            LATCHKEY_DATABASE_DEADLINE_MILLISECONDS=1800
            LATCHKEY_KEYS_FILE=/etc/latchkey/tokens.jwks
            LATCHKEY_SECRET_HASH_KEYS_FILE=/etc/latchkey/hashes.jwks
            LATCHKEY_DOWNLOAD_KEYS_FILE=/etc/latchkey/downloads.jwks
            # LATCHKEY_WEAK_SECRETS_FILE is not set
            LATCHKEY_DOCUMENTS_FOLDER=/var/lib/latchkey/documents
            LATCHKEY_PRODUCTION_URL=https://api.example.com
            LATCHKEY_SANDBOX_URL=https://sandbox.example.com
            LATCHKEY_RETRIEVAL_FILES=100
            LATCHKEY_RETRIEVAL_MEBIBYTES=500
            # LATCHKEY_WEBHOOK_ALLOWED_NETWORKS is not set
            LATCHKEY_LEEWAY_SECONDS=0
            LATCHKEY_STALE_SECONDS=30
            LATCHKEY_POLL_MILLISECONDS=500
            LATCHKEY_DRAIN_SECONDS=10
            LATCHKEY_LOG_LEVEL=info

            """)
    }

    @Test("give the verify lanes of all instances together a worker for each core, and each at least one")
    func verifyWorkers() {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        for instances in [1, 2, 3, cores, cores + 1, 64] where (1...64).contains(instances) {
            let environment = least.merging(["LATCHKEY_INSTANCES": "\(instances)"]) { $1 }
            let settings = Settings.read(environment: environment, file: nil).settings
            #expect(settings.instances == instances && settings.verifyWorkers >= 1)
            #expect((cores..<cores + instances).contains(settings.verifyWorkers * instances))
        }
        let chosen = least.merging(["LATCHKEY_INSTANCES": "64", "LATCHKEY_VERIFY_WORKERS": "3"]) { $1 }
        #expect(Settings.read(environment: chosen, file: nil).settings.verifyWorkers == 3)
    }

    private static let everything = """
        LATCHKEY_VERIFY_SOCKET=/run/v.sock
        LATCHKEY_DATABASE_SOCKET=/run/d.sock
        LATCHKEY_UPLOAD_SOCKET=/run/u.sock
        LATCHKEY_SOCKET_GROUP=root
        LATCHKEY_PEER_USERS=root,daemon
        LATCHKEY_INSTANCES=64
        LATCHKEY_VERIFY_WORKERS=256
        LATCHKEY_DATABASE_WORKERS=1
        LATCHKEY_UPLOAD_WORKERS=256
        LATCHKEY_SOCKET_TIMEOUT_SECONDS=300
        LATCHKEY_QUEUE_MILLISECONDS=10
        LATCHKEY_DATABASE_CONNINFO=postgresql:///latchkey?host=/run/postgresql&application_name=a%20b
        LATCHKEY_DATABASE_DEADLINE_MILLISECONDS=100
        LATCHKEY_KEYS_FILE=/a b/tokens=1.jwks
        LATCHKEY_SECRET_HASH_KEYS_FILE=/etc/hashes.jwks
        LATCHKEY_DOWNLOAD_KEYS_FILE=/etc/downloads.jwks
        LATCHKEY_WEAK_SECRETS_FILE=/etc/weak.txt
        LATCHKEY_DOCUMENTS_FOLDER=/srv/a b
        LATCHKEY_PRODUCTION_URL=https://api.example.com:8443/one/two
        LATCHKEY_SANDBOX_URL=https://[::1]:8444
        LATCHKEY_RETRIEVAL_FILES=10000
        LATCHKEY_RETRIEVAL_MEBIBYTES=1
        LATCHKEY_WEBHOOK_ALLOWED_NETWORKS=10.1.0.0/16, ::1
        LATCHKEY_LEEWAY_SECONDS=60
        LATCHKEY_STALE_SECONDS=3600
        LATCHKEY_POLL_MILLISECONDS=50
        LATCHKEY_DRAIN_SECONDS=1
        LATCHKEY_LOG_LEVEL=critical

        """

    @Test("are printed in the form in which they are read, and are then the same")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let (settings, mistakes) = Settings.read(
            environment: [:], file: try folder.write(Self.everything, to: "latchkeyd.conf"))
        #expect(mistakes.isEmpty && settings.text == Self.everything)
        #expect(settings.peerUsers == ["root", "daemon"] && settings.logLevel == .critical)
        #expect(settings.databaseDeadline == .milliseconds(100) && settings.poll == .milliseconds(50))
        #expect(settings.socketTimeout == .seconds(300) && settings.drain == .seconds(1))
        #expect(settings.longestWait == .milliseconds(10))
        #expect(settings.retrievalQuota.files == 10_000 && settings.retrievalQuota.bytes == 1_048_576)
        #expect(settings.allowedNetworks.networks == [IPNetwork("10.1.0.0/16"), IPNetwork("::1")])
        #expect(settings.leeway == .seconds(60) && settings.staleAfter == .seconds(3600))
    }

    @Test("may have blank lines, comments, spaces and any line ends", arguments: ["\n", "\r\n", "\n\n", "  \n\t", "\r"])
    func file(lineEnd: String) throws {
        let folder = try TemporaryFolder()
        let lines = ["# LATCHKEY_DRAIN_SECONDS=9", "  LATCHKEY_DRAIN_SECONDS = 7 "] + least.map { "\($0)=\($1)" }
        let path = try folder.write(lines.joined(separator: lineEnd), to: "latchkeyd.conf")
        let (settings, mistakes) = Settings.read(environment: [:], file: path)
        #expect(mistakes.isEmpty && settings.drain == .seconds(7))
        #expect(settings.databaseConninfo == least["LATCHKEY_DATABASE_CONNINFO"])
    }

    @Test("are those of the environment where both name them")
    func precedence() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("LATCHKEY_DRAIN_SECONDS=7\nLATCHKEY_STALE_SECONDS=8\n", to: "latchkeyd.conf")
        let environment = least.merging(["LATCHKEY_DRAIN_SECONDS": "9", "LATCHKEY_UNKNOWN": "x", "PATH": "/"]) { $1 }
        let (settings, mistakes) = Settings.read(environment: environment, file: path)
        #expect(mistakes.isEmpty && settings.drain == .seconds(9) && settings.staleAfter == .seconds(8))
    }

    @Test("take an empty value for none, so that the environment can take back what the file says")
    func empty() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("LATCHKEY_DRAIN_SECONDS=7\nLATCHKEY_STALE_SECONDS=\n", to: "latchkeyd.conf")
        let environment = least.merging(["LATCHKEY_DRAIN_SECONDS": ""]) { $1 }
        let (settings, mistakes) = Settings.read(environment: environment, file: path)
        #expect(mistakes.isEmpty && settings.drain == .seconds(10) && settings.staleAfter == .seconds(30))
    }

    @Test("take a whole number from here to there", arguments: [
        ("LATCHKEY_INSTANCES", 1, 64), ("LATCHKEY_VERIFY_WORKERS", 1, 256), ("LATCHKEY_DATABASE_WORKERS", 1, 256),
        ("LATCHKEY_SOCKET_TIMEOUT_SECONDS", 1, 300), ("LATCHKEY_DATABASE_DEADLINE_MILLISECONDS", 100, 60_000),
        ("LATCHKEY_UPLOAD_WORKERS", 1, 256), ("LATCHKEY_QUEUE_MILLISECONDS", 10, 10_000),
        ("LATCHKEY_RETRIEVAL_FILES", 1, 10_000), ("LATCHKEY_RETRIEVAL_MEBIBYTES", 1, 1_000_000),
        ("LATCHKEY_LEEWAY_SECONDS", 0, 60), ("LATCHKEY_STALE_SECONDS", 1, 3600),
        ("LATCHKEY_POLL_MILLISECONDS", 50, 10_000), ("LATCHKEY_DRAIN_SECONDS", 1, 300),
    ])
    func range(name: String, least: Int, most: Int) {
        let sentence = "\(name) must be a whole number from \(least) to \(most)"
        for number in ["\(least)", "\(most)"] { #expect(mistakes([name: number]).isEmpty) }
        for number in ["\(least - 1)", "\(most + 1)", "\(least).0", "1e2", "0x10", "x", "99999999999999999999", "1 0"] {
            #expect(mistakes([name: number]) == [sentence], "\(number)")
        }
    }

    @Test("say what is wrong", arguments: [
        (["LATCHKEY_KEYS_FILE": ""],
         "LATCHKEY_KEYS_FILE is not set: the file of the token keys; `latchkey key generate` makes it"),
        (["LATCHKEY_SECRET_HASH_KEYS_FILE": ""],
         "LATCHKEY_SECRET_HASH_KEYS_FILE is not set: the file of the keys under which API secrets are hashed; "
            + "`latchkey key generate --purpose secret-hash` makes it"),
        (["LATCHKEY_DATABASE_CONNINFO": ""],
         "LATCHKEY_DATABASE_CONNINFO is not set: how libpq reaches the database, such as "
            + "`host=/run/postgresql dbname=latchkey user=latchkey_application`"),
        (["LATCHKEY_DATABASE_CONNINFO": "hots=/run"],
         "LATCHKEY_DATABASE_CONNINFO: the conninfo is not valid: invalid connection option \"hots\""),
        (["LATCHKEY_PEER_USERS": "root, nobody-like-this"],
         "LATCHKEY_PEER_USERS names nobody-like-this: there is no such user"),
        (["LATCHKEY_SOCKET_GROUP": "nobody-like-this"],
         "LATCHKEY_SOCKET_GROUP is nobody-like-this: there is no such group"),
        (["LATCHKEY_VERIFY_SOCKET": "/run/x.sock", "LATCHKEY_DATABASE_SOCKET": "/run/x.sock"],
         "LATCHKEY_VERIFY_SOCKET and LATCHKEY_DATABASE_SOCKET must be two sockets"),
        (["LATCHKEY_UPLOAD_SOCKET": "/run/x.sock", "LATCHKEY_DATABASE_SOCKET": "/run/x.sock"],
         "LATCHKEY_DATABASE_SOCKET and LATCHKEY_UPLOAD_SOCKET must be two sockets"),
        (["LATCHKEY_UPLOAD_SOCKET": "/run/x.sock", "LATCHKEY_VERIFY_SOCKET": "/run/x.sock"],
         "LATCHKEY_VERIFY_SOCKET and LATCHKEY_UPLOAD_SOCKET must be two sockets"),
        (["LATCHKEY_DOWNLOAD_KEYS_FILE": ""],
         "LATCHKEY_DOWNLOAD_KEYS_FILE is not set: the file of the keys that sign download links; "
            + "`latchkey key generate --purpose download` makes it"),
        (["LATCHKEY_DOCUMENTS_FOLDER": ""],
         "LATCHKEY_DOCUMENTS_FOLDER is not set: the folder of the documents, such as /var/lib/latchkey/documents"),
        (["LATCHKEY_PRODUCTION_URL": ""],
         "LATCHKEY_PRODUCTION_URL is not set: the base URL of production, such as https://api.example.com"),
        (["LATCHKEY_SANDBOX_URL": ""],
         "LATCHKEY_SANDBOX_URL is not set: the base URL of the sandbox, such as https://sandbox.example.com"),
        (["LATCHKEY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8, 10.1.0.1/16"],
         "LATCHKEY_WEBHOOK_ALLOWED_NETWORKS: 10.1.0.1/16 is no network such as 10.1.0.0/16 or fd00::/8"),
        (["LATCHKEY_LOG_LEVEL": "INFO"],
         "LATCHKEY_LOG_LEVEL must be one of trace, debug, info, notice, warning, error, critical"),
    ] as [([String: String], String)])
    func mistake(changes: [String: String], sentence: String) {
        #expect(mistakes(changes) == [sentence])
    }

    @Test("take a base URL that others can be made of", arguments: ["LATCHKEY_PRODUCTION_URL", "LATCHKEY_SANDBOX_URL"])
    func baseURL(name: String) {
        for url in ["https://localhost", "https://localhost:8443", "https://a.example/b/c", "https://[::1]:8443"] {
            #expect(mistakes([name: url]).isEmpty, "\(url)")
        }
        for url in [
            "http://a.example", "HTTPS://a.example", "//a.example", "a.example", "https://", "https:///b",
            "https://a.example/", "https://a.example/b/", "https://a.example?", "https://a.example?b=c",
            "https://a.example#", "https://a.example#b", "https://user@a.example", "https://user:word@a.example",
            "https://a example", "https://a.example/b c", "https://a.example/\u{e9}", "https://a.example/%", "x",
        ] {
            #expect(mistakes([name: url]) == [
                "\(name) must begin with https:// and have a host, no user, query, fragment or slash at the end",
            ], "\(url)")
        }
    }

    @Test("say everything that is wrong at once")
    func allMistakes() {
        let mistakes = Settings.read(environment: ["LATCHKEY_LOG_LEVEL": "x", "LATCHKEY_DRAIN_SECONDS": "0"], file: nil)
            .mistakes
        #expect(mistakes.count == 9)
    }

    @Test("have no password in them, and print none", arguments: [
        "host=/run/postgresql password=hunter2", "postgresql://latchkey:hunter2@localhost/latchkey",
        "host=/run/postgresql sslpassword=hunter2", "host=/run/postgresql password='hunter2", "passwort=hunter2",
        "postgresql://latchkey:hunter2@[localhost/latchkey", "password = hunter2 host = /run/postgresql",
    ])
    func password(conninfo: String) {
        let environment = least.merging(["LATCHKEY_DATABASE_CONNINFO": conninfo]) { $1 }
        let check = ConfigurationCheck(environment: environment, file: nil)
        #expect(check.mistakes.first?.hasPrefix("LATCHKEY_DATABASE_CONNINFO: the conninfo ") == true)
        #expect(!(check.text + check.mistakes.joined()).contains("hunter2"))
    }

    @Test("in a file that is none say where it is wrong", arguments: [
        ("LATCHKEY_DRAIN_SECONDS\n", ", line 1 is neither NAME=value nor a comment"),
        ("\n# x\nexport LATCHKEY_DRAIN_SECONDS=1\n", ", line 3: there is no setting export LATCHKEY_DRAIN_SECONDS"),
        ("latchkey_drain_seconds=1\n", ", line 1: there is no setting latchkey_drain_seconds"),
        ("LATCHKEY_DRAIN_SECOND=1\n", ", line 1: there is no setting LATCHKEY_DRAIN_SECOND"),
        ("=1\n", ", line 1: there is no setting "),
        ("LATCHKEY_DRAIN_SECONDS=1\nLATCHKEY_DRAIN_SECONDS=1\n", ", line 2 sets LATCHKEY_DRAIN_SECONDS again"),
        ("LATCHKEY_KEYS_FILE=/x\r\nX=1\r\n", ", line 2: there is no setting X"),
    ])
    func fileMistake(text: String, sentence: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "latchkeyd.conf")
        #expect(Settings.read(environment: least, file: path).mistakes == [path + sentence])
    }

    @Test("may stand in the file of the latchkey command")
    func sharedFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("LATCHKEY_DATABASE_URL=postgresql:///latchkey\n", to: "latchkeyd.conf")
        #expect(Settings.read(environment: least, file: path).mistakes.isEmpty)
    }

    @Test("in a file that cannot be read are a mistake of their own")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        for path in ["\(folder.path)/none.conf", folder.path, try folder.write([0x4C, 0xFF, 0x0A], to: "latin.conf")] {
            #expect(Settings.read(environment: least, file: path).mistakes == [
                "cannot read the configuration file \(path): it must be there, readable, and text in UTF-8",
            ])
        }
    }
}

@Suite("The configuration file that is shipped")
struct ShippedConfigurationTests {
    private func shipped() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "deploy/systemd/latchkeyd.conf"), encoding: .utf8)
    }

    @Test("names every setting, and the defaults behind a # are the defaults")
    func names() throws {
        let folder = try TemporaryFolder()
        let uncommented = try shipped().replacing("\n# LATCHKEY_", with: "\nLATCHKEY_")
        let (settings, mistakes) = Settings.read(
            environment: [:], file: try folder.write(uncommented, to: "latchkeyd.conf"))
        let (defaults, otherMistakes) = Settings.read(
            environment: [:], file: try folder.write(shipped(), to: "shipped.conf"))
        #expect(mistakes.isEmpty && otherMistakes.isEmpty)
        #expect(!settings.text.contains("is not set"))
        // The examples among them: what has no default, or one that depends on the machine.
        let examples = [
            "LATCHKEY_SOCKET_GROUP", "LATCHKEY_WEAK_SECRETS_FILE", "LATCHKEY_VERIFY_WORKERS",
            "LATCHKEY_WEBHOOK_ALLOWED_NETWORKS",
        ]
        let pairs = zip(settings.text.split(separator: "\n"), defaults.text.split(separator: "\n"))
        for (line, otherLine) in pairs where !examples.contains(where: line.hasPrefix) { #expect(line == otherLine) }
    }

    @Test("names those of the other programs, too, and sets what they need")
    func others() throws {
        let lines = try shipped().split(separator: "\n")
        for name in Settings.names {
            #expect(lines.contains { $0.hasPrefix("\(name)=") || $0.hasPrefix("# \(name)=") }, "\(name)")
        }
        for name in ["WEBHOOK_DATABASE_CONNINFO", "WEBHOOK_KEYS_FILE", "DATABASE_URL"] {
            #expect(lines.contains { $0.hasPrefix("LATCHKEY_\(name)=") }, "\(name)")
        }
    }
}
