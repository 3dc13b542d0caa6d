@testable import JOSE
import Glibc
import Testing

struct KeyFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func refusal(_ path: String, weakList: String? = nil) -> String? {
        do throws(JOSEError) {
            _ = try KeySet.load(fromFile: path, refusingSecretsIn: weakList)
            return nil
        } catch {
            return error.description
        }
    }

    private var set: [UInt8] { "{\"keys\":[\(Forge.jwk())]}".bytes }

    @Test(arguments: [0o600, 0o400])
    func `a file that only its owner can read is loaded`(_ mode: Int) throws {
        let path = try folder.write(set, to: "keys.json", mode: mode)
        #expect(try KeySet.load(fromFile: path).current.id == KeyID("2025-03"))
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o666, 0o610, 0o601, 0o777])
    func `a file that others can use is refused, with the command that mends it`(_ mode: Int) throws {
        let path = try folder.write(set, to: "keys.json", mode: mode)
        let text = "0" + String(mode, radix: 8)
        #expect(
            refusal(path)
                == "\(path) has mode \(text), which lets others than its owner use it: run chmod 600 \(path)")
    }

    @Test func `the group may read a credential that systemd passes`() throws {
        let path = try folder.write(set, to: "keys.json", mode: 0o440)
        let file = try File(opening: path)
        #expect(throws: JOSEError.self) { try file.requirePrivate(credentialsDirectory: nil) }
        #expect(throws: JOSEError.self) { try file.requirePrivate(credentialsDirectory: "/run/credentials/x") }
        #expect(throws: JOSEError.self) { try file.requirePrivate(credentialsDirectory: "") }
        #expect(throws: Never.self) { try file.requirePrivate(credentialsDirectory: folder.path) }
        for mode in [0o460, 0o444, 0o450] {
            let other = try File(opening: try folder.write(set, to: "\(mode).json", mode: mode))
            #expect(throws: JOSEError.self) { try other.requirePrivate(credentialsDirectory: folder.path) }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `a file of another user is refused, unless root reads it`() throws {
        let path = try folder.write(set, to: "keys.json")
        #expect(folder.giveAway("keys.json", user: 12_345, group: 12_345))
        let file = try File(opening: path)
        let sentence = "\(path) belongs to user 12345, not to root or user 7, who reads it: run chown 7 \(path)"
        #expect(throws: JOSEError.keyFile(sentence)) { try file.requirePrivate(reader: 7, credentialsDirectory: nil) }
        #expect(throws: Never.self) { try file.requirePrivate(reader: 12_345, credentialsDirectory: nil) }
        #expect(throws: Never.self) { try file.requirePrivate(reader: 0, credentialsDirectory: nil) }
        let ofRoot = try File(opening: try folder.write(set, to: "root.json"))
        #expect(throws: Never.self) { try ofRoot.requirePrivate(reader: 7, credentialsDirectory: nil) }
    }

    @Test func `what is not a regular file is refused without waiting`() throws {
        #expect(refusal(folder.path) == "\(folder.path) is not a regular file")
        let pipe = folder.makePipe("pipe")
        #expect(refusal(pipe) == "\(pipe) is not a regular file")
        #expect(refusal("/dev/null") == "/dev/null is not a regular file")
    }

    @Test func `a missing or unreadable path is named`() throws {
        let path = "\(folder.path)/none.json"
        #expect(refusal(path) == "cannot open \(path): No such file or directory")
        #expect(refusal("") == "cannot open : No such file or directory")
        #expect(refusal("a\u{0}b") == "a path holds a NUL character")
    }

    @Test func `a file of 64 KiB is read, one byte more is not`() throws {
        let filler = { (size: Int) in set + [UInt8](repeating: UInt8(ascii: " "), count: size - set.count) }
        #expect(refusal(try folder.write(filler(65_536), to: "a.json")) == nil)
        let path = try folder.write(filler(65_537), to: "b.json")
        #expect(refusal(path) == "\(path) is larger than 65536 bytes")
        let empty = try folder.write([], to: "c.json")
        #expect(refusal(empty)?.hasPrefix("\(empty): the key set is not usable JSON") == true)
    }

    @Test func `a bad key in a file is named with the file, never shown`() throws {
        let jwk = Forge.jwk(secret: "short and secret".bytes)
        let path = try folder.write("{\"keys\":[\(jwk)]}".bytes, to: "keys.json")
        #expect(refusal(path) == "\(path): key 2025-03: it has 16 bytes, HS256 demands at least 32")
    }

    // MARK: - Known secrets

    @Test(arguments: ["\n", "\r\n"])
    func `a key in a list of known secrets is refused, wherever it stands`(_ lineEnd: String) throws {
        let path = try folder.write(set, to: "keys.json")
        let secret = String(decoding: Forge.secret, as: UTF8.self)
        for (index, lines) in [
            [secret], ["x", secret], [secret, "x", ""], ["", secret, ""], ["x", secret.base64URL, "y"],
            [String(repeating: "x", count: 70_000), secret], Array(repeating: "filler", count: 10_000) + [secret],
        ].enumerated() {
            let list = try folder.write(lines.joined(separator: lineEnd).bytes, to: "\(index).list", mode: 0o644)
            let reason = "it is one of the known secrets in \(list): make a key of random bytes instead"
            #expect(refusal(path, weakList: list) == "\(path): key 2025-03: \(reason)")
        }
    }

    @Test(arguments: [
        [], ["x"], ["", ""], [" A-fixed-key_of 48 bytes, made up for these tests"], ["A-fixed-key_of 48 bytes"],
    ])
    func `a key that is not in the list is accepted`(_ lines: [String]) throws {
        let path = try folder.write(set, to: "keys.json")
        let list = try folder.write(lines.joined(separator: "\n").bytes, to: "weak.list", mode: 0o644)
        #expect(refusal(path, weakList: list) == nil)
    }

    @Test func `a list that cannot be read is an error`() throws {
        let path = try folder.write(set, to: "keys.json")
        let list = "\(folder.path)/none.list"
        #expect(refusal(path, weakList: list) == "\(path): cannot open \(list): No such file or directory")
        #expect(refusal(path, weakList: folder.path) == "\(path): cannot read \(folder.path): Is a directory")
    }

    // MARK: - Saving

    @Test func `a saved set is private, can be loaded again and leaves no other file`() throws {
        let path = "\(folder.path)/keys.json"
        let keys = try Forge.keys(Forge.jwk())
        try keys.save(toFile: path)
        #expect(try folder.mode(of: "keys.json") == 0o600)
        #expect(try KeySet.load(fromFile: path).jwkSet() == keys.jwkSet())
        let more = try keys.adding(Key.generateHS256(kid: #require(KeyID("new"))), asCurrent: true)
        try more.save(toFile: path)
        #expect(try KeySet.load(fromFile: path).current.id == KeyID("new"))
        #expect(try folder.names() == ["keys.json"])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `a replaced file keeps its owner`() throws {
        let path = try folder.write(set, to: "keys.json")
        #expect(folder.giveAway("keys.json", user: 12_345, group: 12_346))
        try Forge.keys(Forge.jwk()).save(toFile: path)
        #expect(try folder.owner(of: "keys.json") == [12_345, 12_346])
        #expect(try folder.mode(of: "keys.json") == 0o600)
    }

    @Test func `a failed save leaves the old file and nothing beside it`() throws {
        let keys = try Forge.keys(Forge.jwk())
        #expect(throws: JOSEError.self) { try keys.save(toFile: "\(folder.path)/none/keys.json") }
        // A folder in the place of the file cannot be replaced by a file.
        _ = try folder.write([], to: "keep")
        try folder.makeFolder("taken")
        #expect(throws: JOSEError.self) { try keys.save(toFile: "\(folder.path)/taken") }
        #expect(try folder.names() == ["keep", "taken"])
    }
}
