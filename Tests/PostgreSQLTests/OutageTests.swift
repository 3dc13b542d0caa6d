import Foundation
import PostgreSQL
import TestCluster
import Testing

/// What happens when the server is slow, stopped, killed or away. One at a time: they all disturb the same server.
@Suite("A connection", .needsServer, .cluster, .serialized)
struct OutageTests {
    @Test("keeps its deadline while the server works, and closes")
    func deadline() throws {
        let connection = try TestCluster.current.connection()
        let pid = try connection.backendPID()
        let started = ContinuousClock.now
        let error = try #require(failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT pg_sleep(20)"), within: .milliseconds(300))
        })
        let took = started.duration(to: .now)
        #expect(took >= .milliseconds(300) && took < .milliseconds(1000))
        #expect(error.kind == .deadline(sent: true))
        #expect(error.isAmbiguous && !error.isRetryable && error.needsReconnect)
        #expect(!connection.isOpen)
        #expect(try connection.backendPID() != pid)
    }

    @Test("keeps its deadline while rows keep coming")
    func endlessRows() throws {
        let connection = try TestCluster.current.connection()
        let started = ContinuousClock.now
        let error = failure { () throws(DatabaseError) in
            try connection.execute(
                Statement("SELECT repeat('x', 100000) FROM generate_series(1, 20000)"), within: .milliseconds(200))
        }
        #expect(error?.kind == .deadline(sent: true))
        #expect(started.duration(to: .now) < .milliseconds(1000))
    }

    @Test("sends nothing after the deadline")
    func tooLate() throws {
        let connection = try TestCluster.current.connection()
        try connection.open(deadline: .now + .seconds(5))
        let error = failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT 1"), within: .zero)
        }
        #expect(error?.kind == .deadline(sent: false))
        #expect(error?.isRetryable == true && error?.isAmbiguous == false)
    }

    @Test("keeps its deadline while its backend is stopped by a signal")
    func stoppedBackend() throws {
        let connection = try TestCluster.current.connection()
        let pid = try connection.backendPID()
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        let started = ContinuousClock.now
        let error = failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT 1"), within: .milliseconds(300))
        }
        #expect(error?.kind == .deadline(sent: true))
        #expect(started.duration(to: .now) < .milliseconds(1000))
        #expect(try connection.integer(Statement("SELECT 42")) == 42)
    }

    @Test("keeps its deadline while the whole server is stopped by a signal, connecting or not")
    func stoppedServer() throws {
        let cluster = try TestCluster.current
        let connection = try cluster.connection()
        let file = cluster.folder.appending(path: "data/postmaster.pid")
        let postmaster = try #require(try Int32(String(contentsOf: file, encoding: .utf8).split(separator: "\n")[0]))
        kill(postmaster, SIGSTOP)
        defer { kill(postmaster, SIGCONT) }
        let started = ContinuousClock.now
        let error = failure { () throws(DatabaseError) in try connection.open(deadline: .now + .milliseconds(300)) }
        #expect(error?.kind == .unreachable)
        #expect(error?.isRetryable == true && error?.isAmbiguous == false)
        #expect(error?.serverMessage?.hasPrefix("no answer in time from /tmp/") == true)
        #expect(started.duration(to: .now) < .milliseconds(1000))
    }

    @Test("is ambiguous when its backend is terminated under a statement, and recovers")
    func terminated() throws {
        let connection = try TestCluster.current.connection()
        let error = try #require(failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)"))
        })
        #expect(error.kind == .server(.adminShutdown))
        #expect(error.isAmbiguous && !error.isRetryable && error.needsReconnect)
        #expect(!connection.isOpen)
        #expect(try connection.integer(Statement("SELECT 42")) == 42)
    }

    @Test("is ambiguous when its backend is killed under a statement, and recovers")
    func killed() throws {
        let cluster = try TestCluster.current
        let connection = try cluster.connection()
        let pid = try connection.backendPID()
        let killer = Thread { usleep(200_000); kill(pid, SIGKILL) }
        killer.start()
        let error = try #require(failure { () throws(DatabaseError) in
            try connection.execute(Statement("SELECT pg_sleep(5)"))
        })
        #expect(error.kind == .connectionLost(sent: true))
        #expect(error.isAmbiguous && !error.isRetryable && error.needsReconnect)
        try waitUntilReachable(connection)
    }

    @Test("replaces a session that ended while it was idle, unnoticed")
    func idleSession() throws {
        let cluster = try TestCluster.current
        let connection = try cluster.connection(whenOpened: [Statement("SET work_mem = '5MB'")])
        let pid = try connection.backendPID()
        #expect(connection.generation == 1)
        try cluster.connection().execute(
            Statement("SELECT pg_terminate_backend($1::integer, 5000)"), [.integer(Int64(pid))])
        #expect(try connection.backendPID() != pid)
        #expect(connection.generation == 2)
        #expect(try connection.text(Statement("SHOW work_mem")) == "5MB")
    }

    @Test("is unreachable while the server is down, at once, and works when it is back")
    func restart() throws {
        let cluster = try TestCluster.current
        let connection = try cluster.connection()
        try connection.open(deadline: .now + .seconds(5))
        try cluster.stop()
        for _ in 1...3 {
            let started = ContinuousClock.now
            let error = try #require(failure { () throws(DatabaseError) in
                try connection.execute(Statement("SELECT 1"), within: .seconds(2))
            })
            #expect(error.kind == .unreachable)
            #expect(error.isRetryable && !error.isAmbiguous)
            #expect("\(error)" == "the database cannot be reached")
            #expect(started.duration(to: .now) < .milliseconds(500))
        }
        try cluster.start()
        #expect(try connection.integer(Statement("SELECT 42")) == 42)
    }

    @Test("is unreachable, and to be tried again, while the server does not accept connections (57P03)")
    func notAccepting() throws {
        let cluster = try TestCluster.current
        try cluster.stop()
        // A standby that nobody may query, waiting for a primary that does not exist.
        let signal = cluster.folder.appending(path: "data/standby.signal")
        try Data().write(to: signal)
        try cluster.configure("hot_standby = off")
        defer {
            try? cluster.stop(mode: "immediate")
            try? FileManager.default.removeItem(at: signal)
            try? cluster.start()
        }
        try cluster.start(waits: false)
        let connection = try cluster.connection()
        var error: DatabaseError?
        for _ in 1...50 {
            error = failure { () throws(DatabaseError) in try connection.open(deadline: .now + .seconds(2)) }
            if error?.serverMessage?.contains("FATAL") == true { break }
            usleep(100_000)
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.isRetryable == true)
        #expect(error?.serverMessage?.contains("the database system is") == true, "\(error?.serverMessage ?? "")")
    }

    @Test("goes on to the next host when one refuses or does not answer, and remembers it")
    func severalHosts() throws {
        let cluster = try TestCluster.current
        // A socket that is listened on, and nobody ever accepts.
        let silent = try SilentServer()
        let hosts = "/nonexistent,\(silent.folder),\(cluster.folder.path)"
        let connection = try Connection(conninfo: "host=\(hosts) port=5432 user=postgres dbname=postgres")
        var started = ContinuousClock.now
        #expect(try connection.integer(Statement("SELECT 42"), within: .milliseconds(1500)) == 42)
        #expect(started.duration(to: .now) < .milliseconds(1400))
        connection.close()
        started = .now
        #expect(try connection.integer(Statement("SELECT 42"), within: .milliseconds(1500)) == 42)
        #expect(started.duration(to: .now) < .milliseconds(500))
    }

    @Test("refuses a host that is read-only, and says so")
    func readOnlyHost() throws {
        let cluster = try TestCluster.current
        let setting = Statement("ALTER SYSTEM SET default_transaction_read_only = on")
        let admin = try Connection(conninfo: cluster.conninfo() + " target_session_attrs=any")
        try admin.execute(setting)
        try admin.execute(Statement("SELECT pg_reload_conf()"))
        defer {
            _ = failure { () throws(DatabaseError) in
                try admin.execute(Statement("SET default_transaction_read_only = off"))
                try admin.execute(Statement("ALTER SYSTEM RESET default_transaction_read_only"))
                try admin.execute(Statement("SELECT pg_reload_conf()"))
            }
        }
        usleep(200_000)
        let connection = try cluster.connection()
        let error = failure { () throws(DatabaseError) in try connection.open(deadline: .now + .seconds(2)) }
        #expect(error?.kind == .unreachable)
        #expect(error?.serverMessage?.contains("read-only") == true)
    }

    @Test("says what is wrong with a host, user or database to the administrator only", arguments: [
        ("host=/nonexistent user=postgres", "No such file or directory"),
        ("host=127.0.0.1 port=9 user=postgres", "Connection refused"),
        ("host=no-such-host.invalid user=postgres", "could not translate host name"),
    ])
    func wrongHost(conninfo: String, message: String) throws {
        let connection = try Connection(conninfo: conninfo)
        let error = failure { () throws(DatabaseError) in try connection.open(deadline: .now + .seconds(5)) }
        #expect(error?.kind == .unreachable)
        #expect(error.map { "\($0)" } == "the database cannot be reached")
        #expect(error?.serverMessage?.contains(message) == true, "\(error?.serverMessage ?? "")")
    }

    @Test("is not kept when what is to run at its opening fails")
    func failedOpening() throws {
        let connection = try TestCluster.current.connection(whenOpened: [Statement("SET ROLE no_such_role")])
        for _ in 1...2 {
            let error = failure { () throws(DatabaseError) in try connection.execute(Statement("SELECT 1")) }
            #expect(error?.kind == .server(SQLState("22023")))
            #expect(!connection.isOpen)
        }
    }

    @Test("leaves no descriptor behind after 200 failed connects, errors and missed deadlines")
    func descriptors() throws {
        let cluster = try TestCluster.current
        let before = try openDescriptors()
        for _ in 1...200 {
            let nowhere = try Connection(conninfo: "host=/nonexistent,/elsewhere user=postgres")
            #expect(failure { () throws(DatabaseError) in try nowhere.open(deadline: .now + .seconds(1)) } != nil)
            let nobody = try Connection(conninfo: cluster.conninfo(user: "nobody_knows"))
            #expect(failure { () throws(DatabaseError) in try nobody.open(deadline: .now + .seconds(5)) } != nil)
        }
        for _ in 1...20 {
            let connection = try cluster.connection()
            #expect(failure { () throws(DatabaseError) in
                try connection.execute(Statement("SELECT pg_sleep(1)"), within: .milliseconds(20))
            } != nil)
        }
        // Other suites have sockets open for a moment, in this same process.
        let limit = ContinuousClock.now + .seconds(30)
        while try openDescriptors() > before, ContinuousClock.now < limit { usleep(50_000) }
        #expect(try openDescriptors() <= before)
    }

    private func waitUntilReachable(_ connection: Connection) throws {
        let limit = ContinuousClock.now + .seconds(20)
        while let error = failure({ () throws(DatabaseError) in try connection.execute(Statement("SELECT 1")) }) {
            guard ContinuousClock.now < limit else { throw error }
            usleep(50_000)
        }
    }

    /// Sockets only: the test library opens files of its own.
    private func openDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name)
            return target?.hasPrefix("socket:") == true
        }.count
    }
}
