internal import FastCGI
internal import LatchkeyCore

/// The sockets of the three lanes: handed over by systemd, or made here.
struct Listeners {
    let verify: ListeningSocket
    let database: ListeningSocket
    let upload: ListeningSocket

    private init(verify: ListeningSocket, database: ListeningSocket, upload: ListeningSocket) {
        self.verify = verify
        self.database = database
        self.upload = upload
    }

    /// - Parameter environment: where LISTEN_FDS is. The names of the sockets are those of the lanes.
    init(_ settings: Settings, environment: [String: String]) throws(StartError) {
        let inherited: [String: ListeningSocket]
        do throws(FastCGIError) {
            inherited = try ListeningSocket.inherited(environment: environment)
        } catch {
            throw StartError("\(error)")
        }
        let group = settings.socketGroup
        var made: [ListeningSocket] = []
        do throws(StartError) {
            for (name, path) in [
                ("verify", settings.verifySocket), ("database", settings.databaseSocket),
                ("upload", settings.uploadSocket),
            ] {
                made.append(try Self.listener(name, path, group, inherited))
            }
        } catch {
            for socket in made { socket.close() }
            throw error
        }
        (verify, database, upload) = (made[0], made[1], made[2])
    }

    /// The same sockets for a forked process, which must not remove their files.
    var borrowed: Listeners {
        Listeners(verify: verify.borrowed, database: database.borrowed, upload: upload.borrowed)
    }

    func close() {
        verify.close()
        database.close()
        upload.close()
    }

    private static func listener(
        _ name: String, _ path: String?, _ group: String?, _ inherited: [String: ListeningSocket]
    ) throws(StartError) -> ListeningSocket {
        if let socket = inherited[name] { return socket }
        guard let path else {
            throw StartError(
                "LATCHKEY_\(name.uppercased())_SOCKET is not set, and no socket named \(name) was handed over")
        }
        do throws(FastCGIError) {
            return try ListeningSocket(path: path, group: group)
        } catch {
            throw StartError("\(error)")
        }
    }
}
