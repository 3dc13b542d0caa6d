import ArgumentParser
import LatchkeyCore
import PostgreSQL
import WireFormats

struct PlatformCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "platform",
        abstract: "The catalogue of platforms: banks, brokers and other sites that hold documents.",
        subcommands: [Create.self, List.self, Disable.self, Enable.self])
}

extension PlatformCommands {
    struct Create: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a platform, in production, in the sandbox or in both.",
            discussion: """
                EXAMPLES
                  latchkey platform create first-bank --name 'First Bank' --production
                  latchkey platform create test-broker --name 'Test Broker' --sandbox
                """)

        @Argument(help: "Its id for good, 1 to 64 of [a-z0-9] with single hyphens between them.")
        var platform: String

        @Option(help: "What users read, 1 to 200 characters.")
        var name: String

        @Flag(help: "It is there in production.")
        var production = false

        @Flag(help: "It is there in the sandbox.")
        var sandbox = false

        @Option(help: .init("Where the program that retrieves from it is reached.", valueName: "url"))
        var connectorUrl: String?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            guard production || sandbox else {
                throw ValidationError("--production, --sandbox or both must say where the platform is there")
            }
        }

        func answer(_ settings: Settings) throws -> any Answer {
            let modes = Set<Mode>((production ? [.production] : []) + (sandbox ? [.sandbox] : []))
            guard try settings.administration().registerPlatform(
                platform, name: name, modes: modes, connectorURL: connectorUrl)
            else {
                throw Failure(
                    .refused, "there is a platform \(platform) already", hint: "`latchkey platform list` shows all.")
            }
            return Created(platform: platform, name: name, modes: modes, connectorURL: connectorUrl)
        }
    }

    struct Created: Answer {
        let platform: String
        let name: String
        let modes: Set<Mode>
        let connectorURL: String?

        var text: String {
            aligned([
                ("platform", platform), ("name", name), ("works in", modes.text), ("connector", connectorURL),
            ])
        }

        func write(to json: inout JSONWriter) {
            json.member("platform_id", platform)
            json.member("name", name)
            json.member("production", modes.contains(.production))
            json.member("sandbox", modes.contains(.sandbox))
            json.member("connector_url", connectorURL)
        }
    }

    struct List: AnsweringCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all platforms by name.")

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            Listed(platforms: try settings.administration().platforms())
        }
    }

    struct Listed: Answer {
        let platforms: [PlatformRecord]

        var text: String {
            guard !platforms.isEmpty else { return "There is no platform: `latchkey platform create` adds one." }
            return table(
                ["PLATFORM", "STATE", "WORKS IN", "CONNECTOR", "NAME"],
                platforms.map { platform in
                    [
                        platform.id, activity(platform.disabledAt == nil), platform.modes.text,
                        platform.connectorURL ?? "-", platform.name,
                    ]
                })
        }

        func write(to json: inout JSONWriter) {
            json.beginArray("platforms")
            for platform in platforms {
                json.beginObject()
                json.member("platform_id", platform.id)
                json.member("name", platform.name)
                json.member("production", platform.modes.contains(.production))
                json.member("sandbox", platform.modes.contains(.sandbox))
                json.member("connector_url", platform.connectorURL)
                json.member("active", platform.disabledAt == nil)
                json.member("disabled_at", platform.disabledAt?.rfc3339)
                json.endObject()
            }
            json.endArray()
        }
    }

    struct Disable: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets no retrieval from a platform begin; what was retrieved stays.")

        @Argument(help: "The platform's id.")
        var platform: String

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            try PlatformCommands.activate(platform, false, settings)
        }
    }

    struct Enable: AnsweringCommand {
        static let configuration = CommandConfiguration(abstract: "Lets retrievals from a disabled platform begin.")

        @Argument(help: "The platform's id.")
        var platform: String

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            try PlatformCommands.activate(platform, true, settings)
        }
    }

    private static func activate(_ platform: String, _ active: Bool, _ settings: Settings) throws -> Activation {
        guard try settings.administration().setActive(active, platform: platform) else {
            throw Failure(
                .notFound, "there is no platform \(platform.printable)", hint: "`latchkey platform list` shows all.")
        }
        return Activation(noun: "platform", id: platform, active: active)
    }
}

extension Set<Mode> {
    fileprivate var text: String {
        Mode.allCases.filter { contains($0) }.map(\.rawValue).joined(separator: " and ")
    }
}
