import LatchkeyServer
import Testing

@Suite("A check of the configuration")
struct ConfigurationCheckTests {
    private let documents: TemporaryFolder

    init() throws {
        documents = try TemporaryFolder()
    }

    /// - Parameter downloads: nil for the keys of `hashes`.
    private func check(
        keys: String, hashes: String, downloads: String? = nil, more: [String: String] = [:]
    ) -> ConfigurationCheck {
        ConfigurationCheck(
            environment: [
                "LATCHKEY_DATABASE_CONNINFO": "dbname=latchkey", "LATCHKEY_KEYS_FILE": keys,
                "LATCHKEY_SECRET_HASH_KEYS_FILE": hashes, "LATCHKEY_DOWNLOAD_KEYS_FILE": downloads ?? hashes,
                "LATCHKEY_VERIFY_WORKERS": "2", "LATCHKEY_DOCUMENTS_FOLDER": documents.path,
                "LATCHKEY_PRODUCTION_URL": "https://api.example.com",
                "LATCHKEY_SANDBOX_URL": "https://sandbox.example.com",
            ].merging(more) { $1 },
            file: nil)
    }

    @Test("prints what was understood, and the keys by their names")
    func text() throws {
        let folder = try TemporaryFolder()
        let keys = try folder.write("""
            {"keys":[{"kty":"oct","kid":"2025-04","alg":"HS256","k":"AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"},
            {"kty":"oct","kid":"2025-03","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}
            """, to: "tokens.jwks")
        let hashes = try folder.writeKey("hash-1", to: "hashes.jwks")
        let downloads = try folder.writeKey("download-1", to: "downloads.jwks")
        let check = check(keys: keys, hashes: hashes, downloads: downloads)
        #expect(check.mistakes.isEmpty)
        #expect(check.text == """
            # LATCHKEY_VERIFY_SOCKET is not set
            # LATCHKEY_DATABASE_SOCKET is not set
            # LATCHKEY_UPLOAD_SOCKET is not set
            # LATCHKEY_SOCKET_GROUP is not set
            LATCHKEY_PEER_USERS=www-data
            LATCHKEY_INSTANCES=2
            LATCHKEY_VERIFY_WORKERS=2
            LATCHKEY_DATABASE_WORKERS=4
            LATCHKEY_UPLOAD_WORKERS=3
            LATCHKEY_SOCKET_TIMEOUT_SECONDS=10
            LATCHKEY_QUEUE_MILLISECONDS=1000
            LATCHKEY_DATABASE_CONNINFO=dbname=latchkey
            LATCHKEY_DATABASE_DEADLINE_MILLISECONDS=1800
            LATCHKEY_KEYS_FILE=\(keys)
            LATCHKEY_SECRET_HASH_KEYS_FILE=\(hashes)
            LATCHKEY_DOWNLOAD_KEYS_FILE=\(downloads)
            # LATCHKEY_WEAK_SECRETS_FILE is not set
            LATCHKEY_DOCUMENTS_FOLDER=\(documents.path)
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
            # token keys, the first signs: 2025-04 (HS256), 2025-03 (HS256)
            # keys for secret hashes, the first makes new ones: hash-1 (HS256)
            # keys of download links, the first signs: download-1 (HS256)

            """)
    }

    @Test("finds a key file that is not there, is open to others, or holds no good key", arguments: [
        ("", 0o600, "the key set is not usable JSON"),
        (#"{"keys":[]}"#, 0o600, "the key set holds no key"),
        (#"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"c2hvcnQ"}]}"#, 0o600,
         "key a: it has 5 bytes, HS256 demands at least 32"),
        (#"{"keys":[{"kty":"oct","kid":"a","alg":"none","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}"#, 0o600,
         "key a: its \"alg\" must be one of: HS256"),
        (#"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}"#, 0o640,
         " has mode 0640, which lets others than its owner use it: run chmod 600 "),
    ])
    func keyFile(text: String, mode: Int, part: String) throws {
        let folder = try TemporaryFolder()
        let good = try folder.writeKey("hash-1", to: "good.jwks")
        let bad = try folder.write(text, to: "bad.jwks", mode: mode)
        for check in [
            check(keys: bad, hashes: good), check(keys: good, hashes: bad, downloads: good),
            check(keys: good, hashes: good, downloads: bad),
        ] {
            #expect(check.mistakes.count == 1 && check.mistakes[0].hasPrefix(bad))
            #expect(check.mistakes[0].contains(part))
            #expect(!check.mistakes[0].contains("c2hvcnQ") && !check.mistakes[0].contains("AAECAw"))
            #expect(!check.text.contains("the first"), "no keys were understood")
        }
    }

    @Test("finds a key file that is missing")
    func missing() throws {
        let folder = try TemporaryFolder()
        let good = try folder.writeKey("hash-1", to: "good.jwks")
        #expect(check(keys: "\(folder.path)/none.jwks", hashes: good).mistakes == [
            "cannot open \(folder.path)/none.jwks: No such file or directory",
        ])
        #expect(check(keys: folder.path, hashes: good).mistakes == ["\(folder.path) is not a regular file"])
    }

    @Test("finds a folder of documents that is missing, or is none")
    func documentsFolder() throws {
        let folder = try TemporaryFolder()
        let good = try folder.writeKey("hash-1", to: "good.jwks")
        for (path, sentence) in [
            ("\(folder.path)/none", "cannot open the folder \(folder.path)/none: No such file or directory"),
            (good, "cannot open the folder \(good): Not a directory"),
            ("/proc/self", "the folder /proc/self cannot be used: cannot make a file in the store: "),
        ] {
            let found = check(keys: good, hashes: good, more: ["LATCHKEY_DOCUMENTS_FOLDER": path]).mistakes
            #expect(found.count == 1 && found[0].hasPrefix("LATCHKEY_DOCUMENTS_FOLDER: \(sentence)"), "\(found)")
        }
    }

    @Test("finds a token key in a list of known secrets")
    func weakSecret() throws {
        let folder = try TemporaryFolder()
        let good = try folder.writeKey("2025-03", to: "good.jwks")
        let weak = "changeme\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
        let list = try folder.write(weak, to: "weak.txt", mode: 0o644)
        let found = check(keys: good, hashes: good, more: ["LATCHKEY_WEAK_SECRETS_FILE": list]).mistakes
        #expect(found.count == 1 && found.first?.contains("key 2025-03: it is one of the known secrets") == true)
        let other = try folder.write("changeme\n", to: "others.txt", mode: 0o644)
        #expect(check(keys: good, hashes: good, more: ["LATCHKEY_WEAK_SECRETS_FILE": other]).mistakes.isEmpty)
    }
}
