import ArgumentParser
import LatchkeyCore
import PostgreSQL
import WireFormats

// The deliveries among the commands of `latchkey webhook`.

extension WebhookCommands {
    struct List: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists deliveries, the newest first.",
            discussion: """
                A delivery is pending until its receiver has answered 2xx. One that is not \
                delivered within three days, or is answered 410, is dead, and waits for `latchkey \
                webhook replay`.

                EXAMPLES
                  latchkey webhook list --state dead
                  latchkey webhook list --app 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11 --limit 5
                """)

        @Option(name: .customLong("app"), help: .init("Those of one client app.", valueName: "client-app"))
        var clientApp: ClientApp.ID?

        @Option(help: "Those in one state: pending, delivered or dead.")
        var state: DeliveryRecord.State?

        @Option(help: .init("At most so many, 1 to 10000.", valueName: "number"))
        var limit = 50

        @OptionGroup var common: CommonOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000") }
        }

        func answer(_ settings: Settings) throws -> any Answer {
            Listed(deliveries: try settings.administration().deliveries(of: clientApp, in: state, atMost: limit))
        }
    }

    struct Listed: Answer {
        let deliveries: [DeliveryRecord]

        var text: String {
            guard !deliveries.isEmpty else { return "There is no such delivery." }
            return table(
                ["DELIVERY", "STATE", "ATTEMPTS", "LAST", "QUEUED", "CLIENT APP"],
                deliveries.map { delivery in
                    [
                        delivery.id.description, delivery.state, String(delivery.attempts),
                        delivery.lastOutcome ?? "-", delivery.queuedAt.rfc3339,
                        delivery.clientApp.uuid.description,
                    ]
                })
        }

        func write(to json: inout JSONWriter) {
            json.beginArray("deliveries")
            for delivery in deliveries {
                json.beginObject()
                delivery.writeMembers(to: &json)
                json.endObject()
            }
            json.endArray()
        }
    }

    struct Show: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what is known of a delivery.",
            discussion: """
                EXAMPLE
                  latchkey webhook show msg_01976a44-3f0e-7a52-b1c6-5d8e2f9a7c03
                """)

        @Argument(help: "The delivery's id, or the header webhook-id as its receiver got it.")
        var delivery: DeliveryID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            Shown(delivery: try settings.administration().find(delivery))
        }
    }

    struct Shown: Answer {
        let delivery: DeliveryRecord

        var text: String {
            aligned([
                ("delivery", delivery.id.description), ("webhook-id", delivery.webhookID),
                ("state", delivery.state), ("announces", delivery.announces),
                ("retrieval", delivery.retrieval?.description), ("user", delivery.user?.uuid.description),
                ("mode", delivery.mode), ("client app", delivery.clientApp.uuid.description),
                ("to", delivery.url ?? "the client app's webhook URL"), ("queued", delivery.queuedAt.rfc3339),
                ("attempts", String(delivery.attempts)), ("last attempt", delivery.lastAttemptAt?.rfc3339),
                ("last outcome", delivery.lastOutcome), ("next attempt", delivery.nextAttemptAt?.rfc3339),
            ])
        }

        func write(to json: inout JSONWriter) { delivery.writeMembers(to: &json) }
    }

    struct Replay: AnsweringCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends a delivery again, under its id, with fresh download links.",
            discussion: """
                For three days from now, as if it were new. It is for one that is dead, or that \
                its receiver has lost.

                EXAMPLE
                  latchkey webhook replay 01976a44-3f0e-7a52-b1c6-5d8e2f9a7c03
                """)

        @Argument(help: "The delivery's id, or the header webhook-id as its receiver got it.")
        var delivery: DeliveryID

        @OptionGroup var common: CommonOptions

        func answer(_ settings: Settings) throws -> any Answer {
            guard try settings.administration().replayDelivery(delivery.uuid) else {
                throw Failure.noDelivery(delivery.uuid)
            }
            return Queued(delivery: delivery.uuid)
        }
    }

    struct Queued: Answer {
        let delivery: UUID

        var text: String {
            "delivery \(delivery) is queued\n"
                + "`latchkey webhook show \(delivery)` tells what became of it."
        }

        func write(to json: inout JSONWriter) {
            json.member("delivery_id", delivery)
            json.member("webhook_id", "\(WebhookID(delivery))")
        }
    }
}

extension Administration {
    fileprivate func find(_ id: DeliveryID) throws -> DeliveryRecord {
        guard let found = try delivery(id.uuid) else { throw Failure.noDelivery(id.uuid) }
        return found
    }
}

extension Failure {
    fileprivate static func noDelivery(_ id: UUID) -> Failure {
        Failure(.notFound, "there is no delivery \(id)", hint: "`latchkey webhook list` shows the newest.")
    }
}

extension DeliveryRecord {
    /// The header by which its receiver knows it.
    fileprivate var webhookID: String { "\(WebhookID(id))" }

    /// What its receiver reads.
    fileprivate var announces: String {
        retrieval == nil ? "nothing: a test" : "retrieval \(number), \(status), \(documentCount) documents"
    }

    /// What became of the last attempt: the receiver's status, or why there was no answer.
    fileprivate var lastOutcome: String? {
        lastStatus.map { "HTTP \($0)" } ?? lastError
    }

    fileprivate func writeMembers(to json: inout JSONWriter) {
        json.member("delivery_id", id)
        json.member("webhook_id", webhookID)
        json.member("client_app_id", clientApp.uuid)
        json.member("taiki_user_id", user?.uuid)
        json.member("mode", mode)
        json.member("kind", kind)
        json.member("retrieval_id", retrieval)
        json.member("number", number)
        json.member("status", status)
        json.member("documents", Int64(documentCount))
        json.member("state", state)
        json.member("url", url)
        json.member("attempts", Int64(attempts))
        json.member("created_at", createdAt.rfc3339)
        json.member("queued_at", queuedAt.rfc3339)
        json.member("last_attempt_at", lastAttemptAt?.rfc3339)
        json.member("last_status", lastStatus.map { Int64($0) })
        json.member("last_error", lastError)
        json.member("next_attempt_at", nextAttemptAt?.rfc3339)
    }
}
