import ArgumentParser
import FoundationEssentials
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

struct TokenCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Access tokens: whether one is accepted, and why not; and making one fail.",
        subcommands: [Inspect.self, Revoke.self])
}

/// A token that was handed over in a file or on standard input: an argument would be seen by every user of the machine.
struct TokenSource: ParsableArguments {
    @Option(
        help: .init("A file that holds the token (default: standard input).", valueName: "file"), completion: .file())
    var tokenFile: String?

    func read() throws(Failure) -> [UInt8] {
        let text: String?
        if let tokenFile {
            text = try? String(contentsOfFile: tokenFile, encoding: .utf8)
            guard text != nil else { throw Failure(.failed, "cannot read \(tokenFile) as text") }
        } else {
            text = readLine()
        }
        let token = (text ?? "").trimmed
        guard !token.isEmpty else {
            throw Failure(.usage, "there is no token", hint: "Give it on standard input or with --token-file.")
        }
        return Array(token.utf8)
    }

    /// The token as it describes itself, which is not to be believed.
    static func unverified(_ token: [UInt8]) throws(Failure) -> UnverifiedToken {
        guard let unverified = UnverifiedToken(token[...]) else {
            throw Failure(.refused, "this is no token: it is not two JSON objects and a signature in base64url")
        }
        return unverified
    }
}

extension TokenCommands {
    struct Inspect: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a token says and whether it is accepted at this moment.",
            discussion: """
                Exits 0 when POST /api/verify-token would accept it (in the mode that the token \
                names), which means that all of this holds:
                  - it is signed by a key of the key file, with that key's own algorithm
                  - its times are right: issued, not expired, not made for more than an hour
                  - its claims are complete and of the right form
                  - its client app is known and active
                  - its user is not erased
                  - it has not been revoked
                Otherwise it exits 4 and says which of these fails first.

                EXAMPLES
                  latchkey token inspect --token-file token.txt
                  cat token.txt | latchkey token inspect --json
                """)

        @OptionGroup var source: TokenSource
        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let token = try source.read()
            let unverified = try TokenSource.unverified(token)
            return Inspected(token: unverified, refusal: try refusal(of: token, settings))
        }

        /// Why the token is not accepted, nil when it is.
        private func refusal(of token: [UInt8], _ settings: Settings) throws -> String? {
            // As latchkeyd has it, where both read the same settings.
            let leeway = settings["LATCHKEY_LEEWAY_SECONDS"].flatMap { Int($0) } ?? 0
            let verifier = try Verifier(
                keys: try settings.keys(.token), policy: AccessToken.policy(leeway: .seconds(leeway)))
            let verified: VerifiedToken
            do throws(JOSEError) {
                verified = try verifier.verify(token[...], at: Environment.live.now)
            } catch {
                return error.description
            }
            guard let access = AccessToken(verified) else { return "a claim is missing or not of the right form" }
            let administration = try settings.administration()
            guard let app = try administration.clientApp(access.clientApp) else { return "its client app is unknown" }
            if app.disabledAt != nil { return "its client app is disabled" }
            let user = try administration.user(access.user, of: access.clientApp)
            if user?.erasedAt != nil { return "its user is erased" }
            if let time = try administration.revocation(of: access.id) { return "it was revoked at \(time)" }
            return nil
        }
    }

    struct Inspected: Answer {
        let token: UnverifiedToken
        let refusal: String?

        var status: ExitStatus { refusal == nil ? .done : .refused }

        var text: String {
            let verdict = refusal.map { "no: \($0)" } ?? "yes"
            return aligned(
                [("accepted", verdict), ("key", Self.text(token.header["kid"]) ?? "none named"),
                    ("issued", token.issuedAt?.rfc3339), ("expires", token.expiresAt?.rfc3339)]
                    + token.claims.members.map { (String($0.name.prefix(64)), Self.text($0.value)) })
        }

        func write(to json: inout JSONWriter) {
            json.member("accepted", refusal == nil)
            json.member("refusal", refusal)
            json.member("kid", token.header["kid"]?.string)
            json.member("claims", rawJSON: token.claimsText)
        }

        /// A value in few words, whatever somebody may have put into it.
        private static func text(_ value: JSONValue?) -> String? {
            guard let value else { return nil }
            if let string = value.string { return String(string.prefix(200)) }
            if let integer = value.integer { return String(integer) }
            if let number = value.number { return String(number) }
            if let bool = value.bool { return String(bool) }
            return value.isNull ? "null" : "(more than one value)"
        }
    }

    struct Revoke: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token fail within a second, before its time.",
            discussion: """
                The token is given on standard input or in a file, or described by its claims \
                jti, client_app_id and exp. Revoking one that is revoked or has expired already \
                changes nothing and succeeds.

                EXAMPLES
                  latchkey token revoke --token-file token.txt --reason 'phone lost'
                  latchkey token revoke --id 5f0c93d07e4b4a8f9c52d1e6a7b80314 \\
                      --app 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11 --expires-at 1741818600
                """)

        @OptionGroup var source: TokenSource

        @Option(help: .init("The token's claim jti, 32 hexadecimal digits; then no token is read.", valueName: "jti"))
        var id: String?

        @Option(
            name: .customLong("app"),
            help: .init("The token's claim client_app_id, with --id.", valueName: "client-app"))
        var clientApp: ClientApp.ID?

        @Option(help: .init("The token's claim exp, in seconds since 1970, with --id.", valueName: "seconds"))
        var expiresAt: Int64?

        @Option(help: .init("Why, for the record, at most 500 characters.", valueName: "text"))
        var reason: String?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            let described = [id != nil, clientApp != nil, expiresAt != nil]
            guard Set(described).count == 1 else {
                throw ValidationError("--id, --app and --expires-at go together")
            }
            if let id, AccessToken.ID(Array(id.utf8)[...]) == nil {
                throw ValidationError("--id takes 32 lower-case hexadecimal digits")
            }
            if id != nil, source.tokenFile != nil {
                throw ValidationError("--token-file and --id exclude each other")
            }
        }

        func answer(_ settings: Settings) throws -> any Answer {
            let (id, clientApp, expiresAt) = try described() ?? Self.read(source)
            let now = Environment.live.now
            // A forged token could otherwise fill the list of revocations with entries that never go.
            guard expiresAt <= now + AccessToken.lifetime + .seconds(60) else {
                throw Failure(.refused, "no token of this service is valid for longer than an hour, so this is none")
            }
            let isNew = try settings.administration().revoke(
                id, clientApp: clientApp, expiresAt: expiresAt, reason: reason)
            return Revoked(
                id: id, outcome: isNew ? .revoked : expiresAt <= now ? .expiredBefore : .revokedBefore)
        }

        private typealias Description = (AccessToken.ID, ClientApp.ID, UnixTime)

        private func described() -> Description? {
            guard let id = id.flatMap({ AccessToken.ID(Array($0.utf8)[...]) }), let clientApp, let expiresAt else {
                return nil
            }
            return (id, clientApp, UnixTime(secondsSinceEpoch: expiresAt))
        }

        private static func read(_ source: TokenSource) throws(Failure) -> Description {
            let token = try TokenSource.unverified(try source.read())
            guard let id = token.id, let clientApp = token.clientApp, let expiresAt = token.expiresAt else {
                throw Failure(.refused, "the token lacks a usable jti, client_app_id or exp, so nothing accepts it")
            }
            return (id, clientApp, expiresAt)
        }
    }

    struct Revoked: Answer {
        enum Outcome: String {
            case revoked
            case revokedBefore = "revoked_before"
            case expiredBefore = "expired_before"
        }

        let id: AccessToken.ID
        let outcome: Outcome

        var text: String {
            switch outcome {
            case .revoked: "token \(id.text) is revoked"
            case .revokedBefore: "token \(id.text) was revoked before"
            case .expiredBefore: "token \(id.text) has expired already"
            }
        }

        func write(to json: inout JSONWriter) {
            json.member("token_id", id.text)
            json.member("outcome", outcome.rawValue)
        }
    }
}
