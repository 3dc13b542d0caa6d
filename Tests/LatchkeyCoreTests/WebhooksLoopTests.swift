import Foundation
import JOSE
import PostgreSQL
import Synchronization
import TestCluster
import Testing
import WireFormats

@testable import LatchkeyCore

/// Answers as the tests say, and keeps what it was given.
private final class FakeTransport: WebhookTransport {
    private let answer: @Sendable (WebhookRequest) -> WebhookAnswer?
    private let sent = Mutex<[WebhookRequest]>([])
    private let held = Mutex<[@Sendable (WebhookAnswer) -> Void]>([])

    /// - Parameter answer: nil for none, until `answerAll`.
    init(_ answer: @escaping @Sendable (WebhookRequest) -> WebhookAnswer?) {
        self.answer = answer
    }

    func send(_ request: WebhookRequest, done: @escaping @Sendable (WebhookAnswer) -> Void) {
        sent.withLock { $0.append(request) }
        guard let answer = answer(request) else { return held.withLock { $0.append(done) } }
        done(answer)
    }

    var requests: [WebhookRequest] { sent.withLock { $0 } }

    func answerAll(_ answer: WebhookAnswer) {
        for done in held.withLock({ $0 }) { done(answer) }
    }
}

/// A loop on a thread of its own, and the words of what it said.
private final class RunningLoop: Sendable {
    private let words = Mutex<[String]>([])
    private let stopper = Mutex<DeliveryLoop.Stopper?>(nil)
    private let hasEnded = Atomic<Bool>(false)

    /// - Parameter jitter: by how much all pauses are longer.
    init(
        _ world: World, _ transport: FakeTransport, concurrency: Int = 4, perApp: Int = 2, jitter: Double = 1
    ) throws {
        let conninfo = try Conninfo(world.cluster.conninfo(user: "latchkey_webhooks"))
        let keys = WebhookKeys(try WebhookKeys.Keys(
            webhooks: TestKey.keySet(.first), downloads: TestKey.keySet(.second)))
        Thread.detachNewThread { [self] in
            do {
                let loop = try DeliveryLoop(
                    conninfo: conninfo, limits: DeliveryLoop.Limits(concurrency: concurrency, perApp: perApp),
                    keys: keys, baseURLs: BaseURLs(production: "https://a.example", sandbox: "https://b.example"),
                    transport: transport, schedule: WebhookSchedule(jitter: { jitter })
                ) { [self] event in note(event) }
                stopper.withLock { $0 = loop.stopper }
                loop.run()
            } catch {
                words.withLock { $0.append("\(error)") }
            }
            hasEnded.store(true, ordering: .releasing)
        }
    }

    private func note(_ event: DeliveryLoop.Event) {
        let word = switch event {
        case .settled(let report): "\(report.settlement.outcome)"
        case .superseded(let report): "superseded: \(report.settlement.outcome)"
        case .notSettled(_, let error): "not settled: \(error)"
        case .databaseAway: "away"
        case .databaseBack: "back"
        }
        words.withLock { $0.append(word) }
    }

    var said: [String] { words.withLock { $0 } }

    func askToStop() { stopper.withLock { $0 }?.stop() }

    var isOver: Bool { hasEnded.load(ordering: .acquiring) }

    func stop() async throws {
        askToStop()
        try await eventually { self.isOver }
    }
}

private struct NeverCame: Error {}

private func eventually(_ condition: () throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while try !condition() {
        guard ContinuousClock.now < end else { throw NeverCame() }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// The database, and one client app or several in it.
private struct World {
    let cluster: TestCluster

    init() throws {
        cluster = try TestCluster.current
        try run("DELETE FROM latchkey.webhook_deliveries")
        try run("DELETE FROM latchkey.webhook_endpoints")
    }

    @discardableResult
    func run(_ sql: String) throws -> String {
        try cluster.run(
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", cluster.folder.path, "-U", "postgres", "-c",
            sql)
            .trimmingCharacters(in: .newlines)
    }

    func app(url: String = "https://app.example/hooks") throws -> String {
        try run("""
            WITH app AS (INSERT INTO latchkey.client_apps (id, name, webhook_url)
                         VALUES (gen_random_uuid(), 'App', '\(url)') RETURNING id)
            INSERT INTO latchkey.webhook_secrets (client_app_id, id, kid)
            SELECT id, gen_random_uuid(), '2025-03' FROM app RETURNING client_app_id
            """)
    }

    /// Tests, which are deliveries as good as any.
    func queue(_ count: Int, for app: String) throws {
        try run("""
            SELECT latchkey_admin.create_test_delivery('tests', '\(app)', gen_random_uuid())
            FROM generate_series(1, \(count))
            """)
    }

    func count(_ condition: String) throws -> Int {
        try Int(run("SELECT count(*) FROM latchkey.webhook_deliveries WHERE \(condition)")) ?? -1
    }

    /// The time passes.
    func makeDue() throws {
        try run("""
            UPDATE latchkey.webhook_deliveries SET next_attempt_at = now() WHERE state = 'pending';
            UPDATE latchkey.webhook_endpoints SET paused_until = NULL
            """)
    }
}

@Suite("The loop that delivers webhooks", .needsServer, .migratedCluster, .serialized)
struct DeliveryLoopTests {
    @Test("sends each delivery once, and notes it")
    func deliver() async throws {
        let world = try World()
        for _ in 0..<3 { try world.queue(20, for: world.app()) }
        let transport = FakeTransport { _ in .status(204) }
        let loop = try RunningLoop(world, transport)
        try await eventually { try world.count("state = 'delivered'") == 60 }
        try await loop.stop()
        #expect(Set(transport.requests.map { $0.headers[0].value }).count == 60 && transport.requests.count == 60)
        #expect(loop.said == Array(repeating: "delivered", count: 60))
        #expect(try world.count("last_status = 204 AND attempts = 1 AND claimed_until IS NULL") == 60)
    }

    @Test("tries again, under the same id and with a new number")
    func retry() async throws {
        let world = try World()
        try world.queue(1, for: world.app())
        let transport = FakeTransport { $0.attempt < 3 ? .status(500) : .status(200) }
        let loop = try RunningLoop(world, transport)
        for attempt in 1...2 {
            try await eventually { try world.count("attempts = \(attempt) AND last_status = 500") == 1 }
            #expect(try world.count("state = 'pending' AND next_attempt_at > now() + interval '20 seconds'") == 1)
            try world.makeDue()
        }
        try await eventually { try world.count("state = 'delivered'") == 1 }
        try await loop.stop()
        #expect(Set(transport.requests.map { $0.headers[0].value }).count == 1)
        #expect(transport.requests.map(\.attempt) == [1, 2, 3])
    }

    @Test("holds no more than it may, of an app and in all")
    func limits() async throws {
        let world = try World()
        let apps = try (0..<3).map { _ in try world.app() }
        for app in apps { try world.queue(5, for: app) }
        let transport = FakeTransport { _ in nil }
        let loop = try RunningLoop(world, transport, concurrency: 5, perApp: 2)
        try await eventually { transport.requests.count == 5 }
        try await Task.sleep(for: .seconds(2))
        #expect(transport.requests.count == 5)
        let counts = try apps.map { try world.count("client_app_id = '\($0)' AND claimed_until > now()") }
        #expect(counts.allSatisfy { (1...2).contains($0) } && counts.reduce(0, +) == 5, "\(counts)")
        transport.answerAll(.status(200))
        try await eventually { transport.requests.count >= 10 }
        loop.askToStop()
        while !loop.isOver {
            transport.answerAll(.status(200))
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test("leaves places to receivers that work, however many do not")
    func reserve() async throws {
        let world = try World()
        for _ in 0..<6 {
            let app = try world.app(url: "https://dead.example/")
            try world.queue(2, for: app)
            try world.run("INSERT INTO latchkey.webhook_endpoints VALUES ('\(app)', 1)")
        }
        let transport = FakeTransport { $0.url.hostText == "dead.example" ? nil : .status(200) }
        let loop = try RunningLoop(world, transport, concurrency: 4, perApp: 2)
        try await eventually { transport.requests.count == 3 }
        try world.queue(20, for: world.app())
        try await eventually { try world.count("state = 'delivered'") == 20 }
        #expect(transport.requests.count == 23)
        transport.answerAll(.failure(.timeout))
        try await loop.stop()
        // After two failures of the receiver, which was the deliveries' first attempt.
        #expect(loop.said.contains("\(Settlement.Outcome.retry(after: .seconds(30), receiverAfter: .seconds(10)))"))
    }

    @Test("settles what cannot be sent, without a hot loop")
    func unsendable() async throws {
        let world = try World()
        let app = try world.app()
        try world.queue(3, for: app)
        try world.run("UPDATE latchkey.webhook_deliveries SET url = 'https://user@app.example/'")
        let transport = FakeTransport { _ in .status(200) }
        // Its pauses are longer than the slowest test.
        let loop = try RunningLoop(world, transport, jitter: 1000)
        try await eventually { loop.said.count >= 1 }
        try await Task.sleep(for: .seconds(2))
        try await loop.stop()
        #expect(transport.requests.isEmpty)
        // One of them: after a failure the app has a pause. The loop may have had two in hand.
        #expect((1...2).contains(loop.said.count), "\(loop.said)")
        #expect(try world.count("state = 'pending' AND last_error = 'invalid_url'") == loop.said.count)
    }

    @Test("lets what is under way end when it is stopped, and begins nothing more")
    func stop() async throws {
        let world = try World()
        try world.queue(4, for: world.app())
        let transport = FakeTransport { _ in nil }
        let loop = try RunningLoop(world, transport)
        try await eventually { transport.requests.count == 2 }
        loop.askToStop()
        try await Task.sleep(for: .milliseconds(500))
        #expect(!loop.isOver && transport.requests.count == 2)
        transport.answerAll(.status(200))
        try await eventually { loop.isOver }
        #expect(try world.count("state = 'delivered'") == 2)
        #expect(try world.count("attempts = 0") == 2)
    }

    @Test("gives back what does not end in time")
    func giveBack() async throws {
        let world = try World()
        try world.queue(1, for: world.app())
        let transport = FakeTransport { _ in nil }
        let loop = try RunningLoop(world, transport)
        try await eventually { transport.requests.count == 1 }
        try await loop.stop()
        #expect(try world.count("claimed_until IS NULL AND next_attempt_at <= now()") == 1)
        #expect(try world.count("attempts = 1 AND attempts_uncounted = 1") == 1)
    }

    @Test("begins anew with what is replayed, under a new number")
    func replay() async throws {
        let world = try World()
        try world.queue(1, for: world.app())
        try world.run("""
            UPDATE latchkey.webhook_deliveries SET attempts = 5, state = 'dead', last_attempt_at = now();
            SELECT latchkey_admin.replay_delivery('tests', id) FROM latchkey.webhook_deliveries
            """)
        let transport = FakeTransport { _ in .status(500) }
        let loop = try RunningLoop(world, transport)
        try await eventually { !loop.said.isEmpty }
        try await loop.stop()
        #expect(transport.requests.map(\.attempt) == [6])
        #expect(loop.said == ["\(Settlement.Outcome.retry(after: .seconds(30), receiverAfter: .seconds(5)))"])
        #expect(try world.count("attempts = 6 AND attempts_uncounted = 5") == 1)
    }

    @Test("says so where an attempt does not count any more")
    func superseded() async throws {
        let world = try World()
        try world.queue(2, for: world.app())
        let transport = FakeTransport { _ in nil }
        let loop = try RunningLoop(world, transport)
        try await eventually { transport.requests.count == 2 }
        // One has another attempt, the other is erased.
        try world.run("""
            UPDATE latchkey.webhook_deliveries SET attempts = 2
             WHERE id = (SELECT min(id::text)::uuid FROM latchkey.webhook_deliveries);
            DELETE FROM latchkey.webhook_deliveries WHERE attempts = 1
            """)
        transport.answerAll(.status(200))
        try await eventually { loop.said.count == 2 }
        try await loop.stop()
        #expect(loop.said == ["superseded: delivered", "superseded: delivered"])
        #expect(try world.count("state = 'pending' AND attempts = 2 AND claimed_until IS NOT NULL") == 1)
    }

    @Test("claims more than a batch at once")
    func batches() async throws {
        let world = try World()
        try world.queue(150, for: world.app())
        let transport = FakeTransport { _ in nil }
        let loop = try RunningLoop(world, transport, concurrency: 200, perApp: 200)
        try await eventually { transport.requests.count == 150 }
        transport.answerAll(.status(200))
        try await eventually { try world.count("state = 'delivered'") == 150 }
        try await loop.stop()
        #expect(transport.requests.count == 150)
    }

    @Test("goes on when the database was away, and loses nothing of what ended meanwhile")
    func outage() async throws {
        let world = try World()
        try world.queue(2, for: world.app())
        let transport = FakeTransport { _ in nil }
        let loop = try RunningLoop(world, transport)
        try await eventually { transport.requests.count == 2 }
        try world.cluster.stop(mode: "immediate")
        transport.answerAll(.status(200))
        try await eventually { loop.said.contains("away") }
        try world.cluster.start()
        try await eventually { loop.said.count { $0 == "delivered" } == 2 }
        #expect(try world.count("state = 'delivered' AND attempts = 1") == 2)
        try await loop.stop()
        #expect(loop.said.contains("back"))
    }

    @Test("does not begin as another role, or where there is no database")
    func start() async throws {
        let cluster = try TestCluster.current
        let keys = WebhookKeys(try WebhookKeys.Keys(
            webhooks: TestKey.keySet(.first), downloads: TestKey.keySet(.second)))
        for (conninfo, word) in [
            (cluster.conninfo(user: "latchkey_application"), "connect as latchkey_webhooks"),
            ("host=/nonexistent/latchkey user=latchkey_webhooks", "cannot reach the database"),
        ] {
            let conninfo = try Conninfo(conninfo)
            do throws(StartError) {
                _ = try DeliveryLoop(
                    conninfo: conninfo, limits: DeliveryLoop.Limits(concurrency: 1, perApp: 1), keys: keys,
                    baseURLs: BaseURLs(production: "", sandbox: ""), transport: FakeTransport { _ in nil }
                ) { _ in }
                Issue.record("it began")
            } catch {
                #expect("\(error)".contains(word), "\(error)")
            }
        }
    }
}
