import LatchkeyCore
import LatchkeyServer
import Logging
import WireFormats

/// The line of each attempt. Of its URL it has the host alone; nothing of what was sent.
struct DeliveryLog {
    private let sink: LogSink
    private let isOn: Bool
    private var line = LogLine()

    init(sink: LogSink, level: Logger.Level) {
        self.sink = sink
        isOn = level <= .info
    }

    /// - Parameter counts: false where its outcome changes nothing any more.
    mutating func write(_ report: DeliveryLoop.Report, counts: Bool) {
        guard isOn else { return }
        line.begin(level: "info", message: "delivery")
        line.member("webhook_id", "\(WebhookID(report.attempt.id))")
        line.member("attempt", report.attempt.number)
        if let delivery = report.delivery {
            line.member("kind", delivery.kind.rawValue)
            line.member("client_app_id", delivery.clientApp.uuid)
            if let host = delivery.host { line.member("host", host) }
        }
        line.member("outcome", counts ? Self.word(report.settlement.outcome) : "superseded")
        if let status = report.settlement.status { line.member("status", status) }
        if let error = report.settlement.error { line.member("error", error) }
        if counts, case .retry(let pause, _) = report.settlement.outcome {
            line.member("retry_after_s", pause.components.seconds)
        }
        line.duration(report.took)
        sink.write(line.end())
    }

    private static func word(_ outcome: Settlement.Outcome) -> String {
        switch outcome {
        case .delivered: "delivered"
        case .retry: "retry"
        case .dead: "dead"
        }
    }
}
