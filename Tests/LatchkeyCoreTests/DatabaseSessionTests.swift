import LatchkeyCore
import Logging
import PostgreSQL
import TestCluster
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

    @Test("tries again after the pause that the failures ask for, not after the deadline of the one that tried")
    func pauses() async throws {
        let availability = DatabaseAvailability()
        let session = DatabaseSession(
            conninfo: try Conninfo(nowhere), availability: availability, deadline: .seconds(60))
        // 100 ms at most after the first failure, 200 ms after the second.
        for pause in [110, 210] as [Int64] {
            #expect(throws: DatabaseError.self) { _ = try session.runRepeatable(Statement("SELECT 1"), []) }
            try await Task.sleep(for: .milliseconds(pause))
        }
        #expect(availability.mayTry(taking: .seconds(60)))
    }

    @Test("counts the time that the caller has waited, and asks nobody when there is none left", arguments: [
        (0, 600, 1200), (400, 200, 590), (600, 0, 190), (5000, 0, 190),
    ])
    func waited(milliseconds: Int, least: Int, most: Int) throws {
        let silent = try SilentServer()
        let availability = DatabaseAvailability()
        let session = DatabaseSession(
            conninfo: try Conninfo("host=\(silent.folder) dbname=latchkey user=latchkey_application"),
            availability: availability, deadline: .milliseconds(600))
        let start = ContinuousClock.now
        do throws(DatabaseError) {
            _ = try session.runRepeatable(Statement("SELECT 1"), [], waited: .milliseconds(milliseconds))
            Issue.record("nobody answers there")
        } catch {
            #expect(error.kind == .unreachable)
        }
        let took = start.duration(to: .now)
        #expect(took >= .milliseconds(least) && took < .milliseconds(most))
        // Where there was time to ask, the others hear that nobody answered.
        #expect(availability.mayTry(taking: .seconds(10)) == (least == 0))
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
