internal import FastCGI
internal import LatchkeyCore

/// The sockets of the two lanes: handed over by systemd, or made here.
struct Listeners {
    let verify: ListeningSocket
    let database: ListeningSocket

    private init(verify: ListeningSocket, database: ListeningSocket) {
        self.verify = verify
        self.database = database
    }

    /// - Parameter environment: where LISTEN_FDS is. The names of the sockets are `verify` and `database`.
    init(_ settings: Settings, environment: [String: String]) throws(StartError) {
        let inherited: [String: ListeningSocket]
        do throws(FastCGIError) {
            inherited = try ListeningSocket.inherited(environment: environment)
        } catch {
            throw StartError("\(error)")
        }
        let group = settings.socketGroup
        verify = try Self.listener("verify", settings.verifySocket, group, inherited)
        do throws(StartError) {
            database = try Self.listener("database", settings.databaseSocket, group, inherited)
        } catch {
            verify.close()
            throw error
        }
    }

    /// The same sockets for a forked process, which must not remove their files.
    var borrowed: Listeners { Listeners(verify: verify.borrowed, database: database.borrowed) }

    func close() {
        verify.close()
        database.close()
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
