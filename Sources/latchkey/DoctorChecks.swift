import ContentStore
import FastCGI
import Foundation
import JOSE
import LatchkeyCore
import PostgreSQL

// What the doctor looks at, one function a thing.

extension Doctor {
    /// The database, and the way to it where there is one.
    static func database(_ settings: Settings) -> (Check, Administration?) {
        do throws(Failure) {
            let administration = try settings.administration()
            let version = administration.serverVersion ?? 0
            return (
                Check(
                    "database", .ok,
                    "PostgreSQL \(version / 10_000).\(version % 10_000), schema version "
                        + "\(administration.schema?.version ?? 0), as latchkey_administrator"),
                administration
            )
        } catch {
            return (Check("database", .wrong, error.message, hint: error.hint), nil)
        }
    }

    static func keys(_ settings: Settings, _ purpose: KeyPurpose) -> Check {
        let name = "\(purpose.rawValue) keys"
        // latchkeyd does without them, and so does a host that sends no webhooks.
        if purpose == .webhook, settings[purpose.setting] == nil {
            return Check(name, .skipped, "\(purpose.setting) is not set")
        }
        do throws(Failure) {
            let keys = try settings.keys(purpose).keys
            return Check(name, .ok, "\(keys.count), \(keys[0].id) is current")
        } catch {
            return Check(name, .wrong, error.message, hint: error.hint)
        }
    }

    /// The folder of documents: that its owner can store in it, that nginx can read, and that nobody else can.
    static func documents(_ settings: Settings) -> Check {
        let name = "documents"
        guard let path = settings["LATCHKEY_DOCUMENTS_FOLDER"] else {
            return Check(name, .skipped, "LATCHKEY_DOCUMENTS_FOLDER is not set")
        }
        do throws(Failure) {
            // It makes a file without a name there.
            _ = try settings.documents()
        } catch {
            return Check(
                name, .wrong, error.message,
                hint: "It must be a local folder that latchkeyd may write in: "
                    + "install -d -m 2750 -o latchkey -g www-data \(path).")
        }
        let attributes = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        let mode = attributes[.posixPermissions] as? Int ?? 0
        let owner = attributes[.ownerAccountName] as? String ?? "nobody"
        let group = attributes[.groupOwnerAccountName] as? String ?? "nobody"
        let finding = "\(path) has mode \(String(mode, radix: 8)) and belongs to \(owner), group \(group)"
        guard mode & 0o700 == 0o700 else {
            return Check(name, .wrong, finding + ": its owner may not use it", hint: "Run chmod 2750 \(path).")
        }
        guard mode & 0o007 == 0 else {
            return Check(name, .wrong, finding + ": everybody may look into it", hint: "Run chmod 2750 \(path).")
        }
        guard mode & 0o050 == 0o050 else {
            return Check(
                name, .wrong, finding + ": nginx may not read what is in it", hint: "Run chmod 2750 \(path).")
        }
        // Where the group is the owner's own, nginx runs as the owner, as in a trial, or is in that group.
        guard mode & 0o2000 != 0 || group == owner else {
            return Check(
                name, .look, finding + ": what is made in it does not get that group",
                hint: "Run chmod 2750 \(path), unless it is the group of latchkeyd's user.")
        }
        return Check(name, .ok, finding)
    }

    static func socket(_ settings: Settings, lane: String) -> Check {
        let name = "\(lane) socket"
        let setting = "LATCHKEY_\(lane.uppercased())_SOCKET"
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

    /// What `nginx -T` says of a configuration file, and whether the files are there that it serves to browsers.
    static func nginx(_ file: String?) -> [Check] {
        let (name, page) = ("nginx", "link page")
        guard let file else {
            return [name, page].map {
                Check($0, .skipped, "neither --nginx-config nor LATCHKEY_NGINX_CONFIG names nginx's configuration")
            }
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // Until it has read the file, nginx would log to a place that only root may write to.
        process.arguments = ["nginx", "-T", "-q", "-e", "stderr", "-c", URL(filePath: file).path]
        // Where the command was called may be closed to the user that it acts as.
        process.currentDirectoryURL = URL(filePath: "/")
        // Where Debian puts nginx is on root's PATH only.
        let environment = ProcessInfo.processInfo.environment
        process.environment = environment.merging(["PATH": (environment["PATH"] ?? "/usr/bin") + ":/usr/sbin"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardError = output
        process.standardOutput = output
        let unread = Check(page, .skipped, "nginx does not read its configuration")
        do {
            try process.run()
        } catch {
            return [Check(name, .wrong, "nginx cannot be run: \(error.localizedDescription)"), unread]
        }
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let complaints = said.split(separator: "\n").map(\.trimmed).joined(separator: "; ")
            return [
                Check(
                    name, .wrong, complaints.isEmpty ? "nginx -t exits \(process.terminationStatus)" : complaints,
                    hint: "Mend the file, then `nginx -t -c \(file)` and `systemctl reload nginx`."),
                unread,
            ]
        }
        return [Check(name, .ok, "nginx finds no mistake in \(file)"), linkPage(configuration: said)]
    }

    /// Whether the modal's files are where nginx looks for them.
    ///
    /// - Parameter configuration: all of nginx's, in which `map "" $latchkey_www` names their folder.
    private static func linkPage(configuration: String) -> Check {
        let name = "link page"
        let directives = configuration.split(separator: "\n").filter { !$0.trimmed.hasPrefix("#") }
            .joined(separator: "\n")
        guard let map = directives.firstMatch(of: /\$latchkey_www\s*\{\s*default\s+"?([^\s";]+)"?\s*;/) else {
            return Check(
                name, .look, "nginx serves no link modal: its configuration has no map for $latchkey_www",
                hint: "See latchkey/link.conf, unless no app of yours shows the modal.")
        }
        let folder = URL(filePath: String(map.output.1)).appending(path: "link")
        for file in ["index.html", "link-initialize.js"] {
            let path = folder.appending(path: file).path
            guard FileManager.default.isReadableFile(atPath: path) else {
                return Check(
                    name, .wrong, "there is no \(path), or it cannot be read",
                    hint: "Copy deploy/www/link to where $latchkey_www says, for everybody to read.")
            }
        }
        return Check(name, .ok, "\(folder.path) has it")
    }

    /// What has not been delivered, and what cannot be.
    static func webhooks(_ administration: Administration?) -> [Check] {
        let (deliveries, secrets) = ("webhook deliveries", "webhook secrets")
        guard let administration else {
            return [deliveries, secrets].map { Check($0, .skipped, "the database cannot be asked") }
        }
        let backlog: WebhookBacklog
        do throws(DatabaseError) {
            backlog = try administration.webhookBacklog()
        } catch {
            let failure = Failure(error)
            return [deliveries, secrets].map { Check($0, .wrong, failure.message, hint: failure.hint) }
        }
        let isLate = backlog.waiting > 0 || backlog.dead > 0
        return [
            Check(
                deliveries, isLate ? .look : .ok,
                "\(backlog.waiting) wait since more than an hour, \(backlog.dead) are dead",
                hint: isLate
                    ? "See `latchkey webhook list --state pending` and `--state dead`, "
                        + "and whether latchkey-webhooks runs."
                    : nil),
            Check(
                secrets, backlog.appsWithoutSecret > 0 ? .look : .ok,
                "\(backlog.appsWithoutSecret) active client apps have webhooks and no secret",
                hint: backlog.appsWithoutSecret > 0
                    ? "Nothing is sent to them before `latchkey webhook secret` has made one." : nil),
        ]
    }
}
