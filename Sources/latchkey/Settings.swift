import ArgumentParser
import ContentStore
import FoundationEssentials
import JOSE
import LatchkeyCore
import PostgreSQL

/// The options that every command has.
struct CommonOptions: ParsableArguments {
    @Option(
        help: .init("A file of NAME=value lines and # comments. The environment wins over it.", valueName: "file"),
        completion: .file())
    var config: String?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(help: .init("Who acts, for the audit log (default: the operating system's user).", valueName: "name"))
    var actor: String?
}

/// Where things are: LATCHKEY_... variables of the environment, then of the file.
struct Settings {
    private let values: [String: String]
    let actor: String

    init(_ options: CommonOptions) throws(Failure) {
        let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
        let file = try options.config.map { path throws(Failure) in try Self.read(path) } ?? [:]
        values = file.merging(environment) { _, fromEnvironment in fromEnvironment }
        actor = options.actor ?? ProcessInfo.processInfo.userName
    }

    subscript(name: String) -> String? { values[name] }

    func required(_ name: String, _ what: String) throws(Failure) -> String {
        guard let value = values[name] else { throw Failure(.configuration, "\(name) is not set", hint: what) }
        return value
    }

    /// The database, connected and found to be one that this release knows.
    func administration() throws(Failure) -> Administration {
        let url = try required(
            "LATCHKEY_DATABASE_URL",
            "It is a libpq URI, such as postgresql://latchkey_administrator@/latchkey?host=/run/postgresql.")
        let conninfo: Conninfo
        do throws(DatabaseError) {
            conninfo = try Conninfo(url, applicationName: "latchkey")
        } catch {
            throw Failure(.configuration, "LATCHKEY_DATABASE_URL: \(error.serverMessage ?? error.description)")
        }
        let administration = Administration(conninfo: conninfo, actor: actor)
        do throws(AdministrationError) {
            try administration.open()
        } catch {
            throw Failure(error)
        }
        return administration
    }

    /// A whole number, from an option or else from the setting.
    func number(
        _ option: Int?, _ name: String, default usual: Int, in range: ClosedRange<Int>
    ) throws(Failure) -> Int {
        guard option == nil, let text = values[name] else { return option ?? usual }
        guard let number = Int(text), range.contains(number) else {
            throw Failure(
                .configuration, "\(name) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The folder in which the documents are, nil where no setting names it.
    func documents() throws(Failure) -> ContentStore? {
        guard let folder = values["LATCHKEY_DOCUMENTS_FOLDER"] else { return nil }
        do throws(ContentStoreError) {
            return try ContentStore(folder: folder)
        } catch {
            throw Failure(.configuration, error.description)
        }
    }

    func keysFile(_ purpose: KeyPurpose) throws(Failure) -> String {
        try required(
            purpose.setting,
            "It names the file; `latchkey key generate --purpose \(purpose.rawValue) --file FILE` makes one.")
    }

    func keys(_ purpose: KeyPurpose) throws(Failure) -> KeySet {
        try KeySet.read(try keysFile(purpose))
    }

    /// The same lines as latchkeyd reads, which may be the same file: its other settings are passed over.
    private static func read(_ path: String) throws(Failure) -> [String: String] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw Failure(
                .configuration, "cannot read the configuration file \(path)",
                hint: "It must be there, readable, and text in UTF-8.")
        }
        var values: [String: String] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmed
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
            guard parts.count == 2 else {
                throw Failure(.configuration, "\(path), line \(index + 1) is neither NAME=value nor a comment")
            }
            guard values.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw Failure(.configuration, "\(path), line \(index + 1) sets \(parts[0]) again")
            }
        }
        return values.filter { !$0.value.isEmpty }
    }
}

extension KeySet {
    static func read(_ path: String) throws(Failure) -> KeySet {
        do throws(JOSEError) {
            return try KeySet.load(fromFile: path)
        } catch {
            throw Failure(.configuration, "\(error)")
        }
    }
}

extension StringProtocol {
    /// Without white space at either end.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
