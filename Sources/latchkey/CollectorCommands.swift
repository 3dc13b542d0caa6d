import ArgumentParser
import JOSE
import LatchkeyCore
import PostgreSQL
import WireFormats

struct CollectorCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collector",
        abstract: "Collectors: programs that retrieve documents from platforms and record them here.",
        subcommands: [Create.self, List.self, Disable.self, Enable.self])
}

extension CollectorCommands {
    struct Create: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a collector and shows its key, only this once.",
            discussion: """
                A key is not regenerated: make a second collector, change over to its key, and \
                disable the first one.

                EXAMPLES
                  latchkey collector create --name 'Retrieval farm 1'
                """)

        @Option(help: "What people call it, 1 to 200 characters.")
        var name: String

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            let hasher = try SecretHasher(keys: try settings.keys(.secretHash))
            let key = try CollectorKey.generate()
            let stored = try StoredSecret(key, hasher: hasher, environment: .live)
            try settings.administration().registerCollector(name: name, key: stored)
            return Created(id: stored.id, name: name, key: key)
        }
    }

    struct Created: Answer {
        let id: UUID
        let name: String
        let key: CollectorKey

        var text: String {
            aligned([("collector", id.description), ("name", name), ("collector key", key.text)])
                + "\n\nThe key is shown only now. It is not stored: keep it where the collector reads it."
        }

        func write(to json: inout JSONWriter) {
            json.member("collector_id", id)
            json.member("name", name)
            json.member("collector_key", key.text)
        }
    }

    struct List: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists all collectors and the beginnings of their keys, the oldest first.")

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            Listed(collectors: try settings.administration().collectors())
        }
    }

    struct Listed: Answer {
        let collectors: [CollectorRecord]

        var text: String {
            guard !collectors.isEmpty else {
                return "There is no collector yet: `latchkey collector create` makes one."
            }
            return table(
                ["COLLECTOR", "STATE", "CREATED", "KEY", "NAME"],
                collectors.map { collector in
                    [
                        collector.id.description, activity(collector.disabledAt == nil),
                        collector.createdAt.rfc3339, "\(collector.hint)...", collector.name,
                    ]
                })
        }

        func write(to json: inout JSONWriter) {
            json.beginArray("collectors")
            for collector in collectors {
                json.beginObject()
                json.member("collector_id", collector.id)
                json.member("name", collector.name)
                json.member("hint", collector.hint)
                json.member("active", collector.disabledAt == nil)
                json.member("created_at", collector.createdAt.rfc3339)
                json.member("disabled_at", collector.disabledAt?.rfc3339)
                json.endObject()
            }
            json.endArray()
        }
    }

    struct Disable: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops a collector: its key is refused from now on.")

        @Argument(help: "The collector's id.")
        var collector: CollectorID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            try collector.activate(false, settings)
        }
    }

    struct Enable: AnsweringCommand {
        static let configuration = CommandConfiguration(abstract: "Lets a disabled collector go on.")

        @Argument(help: "The collector's id.")
        var collector: CollectorID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            try collector.activate(true, settings)
        }
    }
}

extension CollectorID {
    fileprivate func activate(_ active: Bool, _ settings: Settings) throws -> Activation {
        guard try settings.administration().setActive(active, collector: uuid) else {
            throw Failure(
                .notFound, "there is no collector \(uuid)", hint: "`latchkey collector list` shows all.")
        }
        return Activation(noun: "collector", id: uuid.description, active: active)
    }
}
