import ArgumentParser
import ContentStore
import LatchkeyCore
import PostgreSQL
import WireFormats

struct MaintenanceCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance",
        abstract: "Removes what is over: expired rows, old deliveries and files that nobody needs.",
        subcommands: [Run.self])
}

extension MaintenanceCommands {
    struct Run: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs every task of the maintenance, as its timer does every hour.",
            discussion: """
                Each task works in small batches, each a transaction of its own, until there is \
                nothing more, and says in one line what it did. One that fails does not stop the \
                others: they are all tried, and the exit status is 1 then. While another run is \
                under way it says so, does nothing and exits 0.

                Ages come from the settings LATCHKEY_ABANDON_HOURS (24), \
                LATCHKEY_KEEP_DELIVERIES_DAYS (30), LATCHKEY_KEEP_RETRIEVALS_DAYS (400) and \
                LATCHKEY_KEEP_AUDIT_MONTHS (24), unless an option says otherwise. Stored files \
                that nobody needs are removed from LATCHKEY_DOCUMENTS_FOLDER when they are an \
                hour old; run it as the user that latchkeyd runs as, or as root.

                EXAMPLES
                  latchkey maintenance run
                  latchkey maintenance run --keep-deliveries-days 7 --json
                """)

        @Option(help: .init("Abandon retrievals that are open for longer, 1 to 8760.", valueName: "hours"))
        var abandonHours: Int?

        @Option(help: .init("Keep deliveries that are over for so long, 1 to 36500.", valueName: "days"))
        var keepDeliveriesDays: Int?

        @Option(help: .init("Keep rows of retrievals that are over for so long, 1 to 36500.", valueName: "days"))
        var keepRetrievalsDays: Int?

        @Option(help: .init("Keep the audit log for so many months, 3 to 1200.", valueName: "months"))
        var keepAuditMonths: Int?

        @OptionGroup var common: CommonOptions

        private static let hours = 1...8760
        private static let days = 1...36_500
        private static let months = 3...1200

        func validate() throws {
            for (option, value, range) in [
                ("--abandon-hours", abandonHours, Self.hours),
                ("--keep-deliveries-days", keepDeliveriesDays, Self.days),
                ("--keep-retrievals-days", keepRetrievalsDays, Self.days),
                ("--keep-audit-months", keepAuditMonths, Self.months),
            ] {
                guard let value, !range.contains(value) else { continue }
                throw ValidationError("\(option) takes \(range.lowerBound) to \(range.upperBound)")
            }
        }

        func answer(_ settings: Settings) throws -> any Answer {
            let ages = Maintenance.Ages(
                abandonHours: try settings.number(
                    abandonHours, "LATCHKEY_ABANDON_HOURS", default: 24, in: Self.hours),
                keepDeliveriesDays: try settings.number(
                    keepDeliveriesDays, "LATCHKEY_KEEP_DELIVERIES_DAYS", default: 30, in: Self.days),
                keepRetrievalsDays: try settings.number(
                    keepRetrievalsDays, "LATCHKEY_KEEP_RETRIEVALS_DAYS", default: 400, in: Self.days),
                keepAuditMonths: try settings.number(
                    keepAuditMonths, "LATCHKEY_KEEP_AUDIT_MONTHS", default: 24, in: Self.months))
            let administration = try settings.administration()
            guard try administration.lockMaintenance() else { return Report(tasks: nil) }
            let maintenance = Maintenance(administration: administration, ages: ages, now: Environment.live.now)
            return Report(tasks: maintenance.run { () throws(Failure) in try settings.documents() })
        }
    }

    struct Report: Answer {
        /// nil where another run was under way.
        let tasks: [Maintenance.Task]?

        var status: ExitStatus { tasks?.contains { $0.failure != nil } == true ? .failed : .done }

        var text: String {
            guard let tasks else { return "another run is under way: there is nothing to do" }
            return tasks.map { task in
                line(task.outcome, task.name, task.finding, hint: task.failure?.hint)
            }.joined(separator: "\n")
        }

        func write(to json: inout JSONWriter) {
            json.member("ran", tasks != nil)
            json.beginArray("tasks")
            for task in tasks ?? [] {
                json.beginObject()
                json.member("task", task.name)
                json.member("outcome", task.outcome)
                json.member("done", Int64(task.done))
                json.member("failure", task.failure?.message)
                json.endObject()
            }
            json.endArray()
        }
    }
}

extension Maintenance.Task {
    fileprivate var outcome: String { failure != nil ? "failed" : skipped != nil ? "skipped" : "done" }

    fileprivate var finding: String {
        if let skipped { return skipped }
        guard let failure else { return String(done) }
        return "\(done), then: \(failure.message)"
    }
}
