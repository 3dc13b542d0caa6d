import PostgreSQL
import TestCluster
import Testing

@Suite("A connection that listens", .needsServer, .cluster, .serialized)
struct NotificationTests {
    private func listener() throws -> Connection {
        try TestCluster.current.connection(whenOpened: [Statement("LISTEN changes")])
    }

    @Test("hears what is notified, one after the other")
    func arrival() throws {
        let listener = try listener()
        try listener.open(deadline: .now + .seconds(5))
        #expect(try listener.waitForNotification(until: .now + .milliseconds(50)) == nil)
        try TestCluster.current.connection().execute(
            Statement("SELECT pg_notify('changes', 'naïve'), pg_notify('changes', ''), pg_notify('others', 'x')"))
        let first = try listener.waitForNotification(until: .now + .seconds(5))
        #expect(first?.channel == "changes")
        #expect(first?.payload == "naïve")
        #expect(try listener.waitForNotification(until: .now + .seconds(5))?.payload == "")
        #expect(try listener.waitForNotification(until: .now + .milliseconds(50)) == nil)
    }

    @Test("keeps what is notified while it runs queries")
    func between() throws {
        let listener = try listener()
        try listener.execute(Statement("SELECT 1"))
        try TestCluster.current.connection().execute(Statement("NOTIFY changes"))
        try listener.execute(Statement("SELECT 1"))
        #expect(listener.generation == 1)
        #expect(try listener.waitForNotification(until: .now + .seconds(5)) != nil)
    }

    @Test("fails when its session ends, and listens on the next one, which has another generation")
    func reconnect() throws {
        let listener = try listener()
        let pid = try listener.backendPID()
        let other = try TestCluster.current.connection()
        try other.execute(Statement("SELECT pg_terminate_backend($1::integer, 5000)"), [.integer(Int64(pid))])
        let error = failure { () throws(DatabaseError) in
            _ = try listener.waitForNotification(until: .now + .seconds(5))
        }
        #expect(error?.kind == .connectionLost(sent: false))
        #expect(!listener.isOpen)
        try listener.open(deadline: .now + .seconds(5))
        #expect(listener.generation == 2)
        try other.execute(Statement("NOTIFY changes"))
        #expect(try listener.waitForNotification(until: .now + .seconds(5)) != nil)
    }

    @Test("says so when it is not open")
    func closed() throws {
        let listener = try listener()
        let error = failure { () throws(DatabaseError) in
            _ = try listener.waitForNotification(until: .now + .seconds(1))
        }
        #expect(error?.kind == .connectionLost(sent: false))
    }
}
