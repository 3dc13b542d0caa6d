import LatchkeyCore
import Logging
import PostgreSQL
import Testing

/// Without a server: what a session does with one, PostgreSQLTests and SystemTests show.
@Suite("A database session")
struct DatabaseSessionTests {
    private let nowhere = "host=/nonexistent/latchkey dbname=latchkey user=latchkey_application"

    @Test("finds that the database is away within its deadline, and tells the other sessions")
    func away() throws {
        let availability = DatabaseAvailability()
        let session = DatabaseSession(
            conninfo: try Conninfo(nowhere), availability: availability, deadline: .milliseconds(500))
        for _ in 0..<3 {
            let start = ContinuousClock.now
            do throws(DatabaseError) {
                _ = try session.runRepeatable(Statement("SELECT 1"), [])
                Issue.record("there is a server where none can be")
            } catch {
                #expect(error.kind == .unreachable && error.isOutage)
            }
            #expect(start.duration(to: .now) < .seconds(1))
        }
        let admitted = (0..<2).count { _ in availability.mayTry(taking: .seconds(10)) }
        #expect(admitted < 2, "one at a time, if any")
    }

    @Test("keeps the snapshot's keeper from starting while the database is away, with a sentence")
    func keeper() throws {
        let conninfo = try Conninfo(nowhere)
        do throws(StartError) {
            _ = try SnapshotKeeper(conninfo: conninfo, poll: .seconds(1), logger: Logger(label: "test"))
            Issue.record("there is a server where none can be")
        } catch {
            #expect(error.description.hasPrefix("cannot reach the database: "))
            #expect(!error.description.contains("\n"))
        }
    }
}
