import ContentStore
import LatchkeyCore
import PostgreSQL
import WireFormats

/// One run of all tasks, one after the other.
///
/// Two runs at once do no harm: each batch locks what it takes, and each file is locked and asked for before it goes.
/// So the lock that keeps a second run away need not outlive a lost connection.
final class Maintenance {
    struct Ages {
        let abandonHours: Int
        let keepDeliveriesDays: Int
        let keepRetrievalsDays: Int
        let keepAuditMonths: Int
    }

    struct Task {
        let name: String
        var done = 0
        /// Why it was not tried.
        var skipped: String?
        var failure: Failure?
    }

    /// Rows, or names of files, in one transaction: few enough to be over in a moment.
    private static let batch = 500
    /// A younger file may be one whose upload is not recorded yet.
    private static let youngest = Duration.seconds(3600)

    private let administration: Administration
    private let ages: Ages
    private let now: UnixTime
    private var tasks: [Task] = []

    init(administration: Administration, ages: Ages, now: UnixTime) {
        self.administration = administration
        self.ages = ages
        self.now = now
    }

    /// - Parameter documents: opens the store; nil where there is none.
    func run(documents: () throws(Failure) -> ContentStore?) -> [Task] {
        repeated("retrievals abandoned") {
            try administration.abandonRetrievals(
                olderThan: .seconds(3600 * ages.abandonHours), atMost: Self.batch)
        }
        removeExpired()
        repeated("webhook deliveries removed") {
            try administration.removeDeliveries(olderThan: .days(ages.keepDeliveriesDays), atMost: Self.batch)
        }
        repeated("retrievals removed") {
            try administration.removeRetrievals(olderThan: .days(ages.keepRetrievalsDays), atMost: Self.batch)
        }
        attempt("audit log partitions dropped") { task in
            task.done = try administration.dropAuditPartitions(keepingMonths: ages.keepAuditMonths).count
        }
        attempt("stored files removed") { task in
            guard let store = try documents() else {
                task.skipped = "LATCHKEY_DOCUMENTS_FOLDER is not set"
                return
            }
            try sweep(store, counting: &task)
        }
        return tasks
    }

    private func attempt(_ name: String, _ body: (inout Task) throws -> Void) {
        var task = Task(name: name)
        do {
            try body(&task)
        } catch {
            task.failure = MaintenanceCommands.Run.failure(error)
        }
        tasks.append(task)
    }

    /// Batch after batch, until one is not full.
    private func repeated(_ name: String, _ batch: () throws -> Int) {
        attempt(name) { task in
            while true {
                let done = try batch()
                task.done += done
                guard done >= Self.batch else { return }
            }
        }
    }

    /// What one call does in several tables: a task for each.
    private func removeExpired() {
        var found: [Task] = []
        var failure: Failure?
        do {
            while true {
                let batch = try administration.removeExpired(atMost: Self.batch)
                for (name, done) in batch {
                    if let index = found.firstIndex(where: { $0.name == name }) {
                        found[index].done += done
                    } else {
                        found.append(Task(name: name, done: done))
                    }
                }
                guard batch.contains(where: { $0.done >= Self.batch }) else { break }
            }
        } catch {
            failure = MaintenanceCommands.Run.failure(error)
        }
        tasks += found
        if let failure { tasks.append(Task(name: "expired rows removed", failure: failure)) }
    }

    /// Removes the contents that nobody needs, folder by folder. One that cannot be removed does not stop it.
    private func sweep(_ store: ContentStore, counting task: inout Task) throws {
        for branch in try store.branches() {
            let old = try store.contents(of: branch)
                .filter { UnixTime(secondsSinceEpoch: $0.changed) <= now - Self.youngest }.map(\.name)
            for start in stride(from: 0, to: old.count, by: Self.batch) {
                let names = Array(old[start..<min(start + Self.batch, old.count)])
                for name in try administration.unreferenced(names) {
                    do {
                        task.done += try administration.removeUnneeded(name, from: store) ? 1 : 0
                    } catch let error as ContentStoreError {
                        task.failure = Failure(.failed, error.description)
                    }
                }
            }
        }
    }
}

extension Duration {
    fileprivate static func days(_ number: Int) -> Duration { .seconds(86_400 * number) }
}
