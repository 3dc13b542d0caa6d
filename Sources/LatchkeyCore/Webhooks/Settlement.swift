internal import WireFormats

/// What an answer means for its delivery.
public struct Settlement: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        case delivered
        /// To be tried again; and until the second time has passed nothing is sent to the app.
        case retry(after: Duration, receiverAfter: Duration)
        /// Given up: only the administrator has it sent again.
        case dead
    }

    public let outcome: Outcome
    /// Of the answer, where there was one.
    public let status: Int?
    public let error: String?

    /// - Parameters:
    ///   - attempt: which it is since the delivery was queued, from 1 on.
    ///   - failures: attempts at the same receiver that failed just before.
    init(
        _ answer: WebhookAnswer, attempt: Int, failures: Int, queued: UnixTime, now: UnixTime,
        schedule: WebhookSchedule
    ) {
        switch answer {
        case .status(let number):
            status = number
            error = (300..<400).contains(number) ? "redirect_not_followed" : nil
        case .failure(let failure):
            status = nil
            error = failure.rawValue
        }
        switch answer {
        case .status(200..<300): outcome = .delivered
        // The receiver says that it is gone for good.
        case .status(410): outcome = .dead
        default:
            let receiverAfter = schedule.pauseOfReceiver(afterFailures: failures + 1)
            outcome = schedule.pause(afterAttempt: attempt, queued: queued, now: now)
                .map { .retry(after: $0, receiverAfter: receiverAfter) } ?? .dead
        }
    }
}
