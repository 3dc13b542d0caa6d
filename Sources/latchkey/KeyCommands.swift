import ArgumentParser
import FoundationEssentials
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

struct KeyCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "The keys that sign tokens, download links and webhooks, and hash secrets.",
        subcommands: [Generate.self, List.self])
}

/// What a key file is for.
enum KeyPurpose: String, CaseIterable, ExpressibleByArgument {
    case token
    case secretHash = "secret-hash"
    case download
    case webhook

    var setting: String {
        switch self {
        case .token: "LATCHKEY_KEYS_FILE"
        case .secretHash: "LATCHKEY_SECRET_HASH_KEYS_FILE"
        case .download: "LATCHKEY_DOWNLOAD_KEYS_FILE"
        case .webhook: "LATCHKEY_WEBHOOK_KEYS_FILE"
        }
    }

    static let names = "token, secret-hash, download or webhook"

    /// What to do after a new key has been written.
    func advice(isFirst: Bool) -> String {
        switch self {
        case .token where isFirst:
            "latchkeyd reads it at its start."
        case .token:
            """
            It signs once latchkeyd has read the file again: systemctl reload latchkeyd, or
            kill -HUP and its process id. Where several hosts share the keys, copy the file
            to all and reload all: till then the others refuse its tokens. The older keys go
            on verifying: take one out of the file when its last token has expired, after an
            hour.
            """
        case .secretHash where isFirst:
            """
            latchkeyd reads it at its start. Keep a copy of the file apart from the database's
            backups: without it no API secret and no collector's key can be proven.
            """
        case .secretHash:
            """
            Before you make a secret, let latchkeyd read the file: systemctl reload
            latchkeyd, or kill -HUP and its process id. Secrets and collectors' keys that were
            hashed under the older keys need those for as long as they are in use: leave them in.
            """
        case .download where isFirst:
            "latchkeyd and latchkey-webhooks read it at their start."
        case .download:
            """
            It signs download links once latchkeyd and latchkey-webhooks have read the file
            again: systemctl reload latchkeyd first, then systemctl restart latchkey-webhooks.
            Where several hosts share the keys, copy the file to all. Take an older key out of
            the file when its last link is over, after 15 minutes.
            """
        case .webhook where isFirst:
            """
            latchkey-webhooks reads it at its start. Keep a copy of the file apart from the
            database's backups: without it no webhook can be signed as its receiver expects.
            """
        case .webhook:
            """
            Before you make a webhook secret, let latchkey-webhooks read the file: systemctl
            restart latchkey-webhooks. Webhook secrets are derived from the key that was
            current when they were made: leave older keys in for as long as those are in use.
            """
        }
    }
}

extension KeyCommands {
    struct Generate: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a new HS256 key to a key file, as the current one; the older keys stay.",
            discussion: """
                The file is a private JWK Set of mode 0600, replaced in one step, or made if it \
                is not there. The act is recorded before the file is written.

                EXAMPLES
                  latchkey key generate
                  latchkey key generate --purpose secret-hash --file secret-hashes.jwks
                """)

        @Option(help: "What the key is for: \(KeyPurpose.names).")
        var purpose = KeyPurpose.token

        @Option(help: "The key file (default: the one in the settings).", completion: .file())
        var file: String?

        @Option(help: "The key's name, 1 to 64 of [A-Za-z0-9._-] (default: the date and random digits).")
        var kid: String?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            if let kid, KeyID(kid) == nil {
                throw ValidationError("--kid takes 1 to 64 characters of [A-Za-z0-9._-]")
            }
        }

        func answer(_ settings: Settings) throws -> any Answer {
            let path = try file ?? settings.keysFile(purpose)
            let id = try kid.flatMap { KeyID($0) } ?? Self.newID()
            let key = try Key.generateHS256(kid: id)
            let old = FileManager.default.fileExists(atPath: path) ? try KeySet.read(path) : nil
            if old?[id] != nil { throw Failure(.refused, "\(path) holds a key \(id) already") }
            let keys = try old?.adding(key, asCurrent: true) ?? KeySet(keys: [key])

            var detail = JSONWriter()
            detail.beginObject()
            detail.member("purpose", purpose.rawValue)
            detail.member("algorithm", key.algorithm.rawValue)
            detail.member("file", path)
            detail.endObject()
            // First, so that a key may at worst be on the record and not in a file, never the other way round.
            try settings.administration().record("key.generate", object: "key:\(id)", detail: detail.bytes)
            do throws(JOSEError) {
                try keys.save(toFile: path)
            } catch {
                throw Failure(.failed, "\(error)")
            }
            return Generated(key: key, purpose: purpose, path: path, count: keys.keys.count)
        }

        /// Sorts by date in a listing; the random part tells apart the keys of one day.
        private static func newID() throws -> KeyID {
            let date = Environment.live.now.rfc3339.prefix(10)
            let digits = try SecureRandom.bytes(4).map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }
            guard let id = KeyID("\(date)-\(digits.joined())") else { throw Failure(.failed, "the clock is wrong") }
            return id
        }
    }

    struct Generated: Answer {
        let key: Key
        let purpose: KeyPurpose
        let path: String
        let count: Int

        var text: String {
            aligned([
                ("key", "\(key.id) (\(key.algorithm.rawValue))"), ("file", path),
                ("keys in it", "\(count), this one is current"),
            ]) + "\n\n" + purpose.advice(isFirst: count == 1)
        }

        func write(to json: inout JSONWriter) {
            json.member("kid", key.id.description)
            json.member("algorithm", key.algorithm.rawValue)
            json.member("purpose", purpose.rawValue)
            json.member("file", path)
            json.member("keys", Int64(count))
        }
    }

    struct List: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the keys of a key file by name; never the keys themselves.")

        @Option(help: "What the keys are for: \(KeyPurpose.names).")
        var purpose = KeyPurpose.token

        @Option(help: "The key file (default: the one in the settings).", completion: .file())
        var file: String?

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let path = try file ?? settings.keysFile(purpose)
            return Listed(keys: try KeySet.read(path).keys, purpose: purpose, path: path)
        }
    }

    struct Listed: Answer {
        let keys: [Key]
        let purpose: KeyPurpose
        let path: String

        var text: String {
            let (first, others) = switch purpose {
            case .token: ("signs and verifies", "verifies")
            case .secretHash: ("hashes new secrets", "proves older secrets")
            case .download: ("signs and checks links", "checks links")
            case .webhook: ("makes new secrets", "makes older secrets again")
            }
            return table(["KEY", "ALGORITHM", "USE"], keys.enumerated().map { index, key in
                [key.id.description, key.algorithm.rawValue, index == 0 ? first : others]
            })
        }

        func write(to json: inout JSONWriter) {
            json.member("file", path)
            json.member("purpose", purpose.rawValue)
            json.beginArray("keys")
            for (index, key) in keys.enumerated() {
                json.beginObject()
                json.member("kid", key.id.description)
                json.member("algorithm", key.algorithm.rawValue)
                json.member("current", index == 0)
                json.endObject()
            }
            json.endArray()
        }
    }
}
