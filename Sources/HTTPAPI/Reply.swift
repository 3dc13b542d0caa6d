internal import LatchkeyCore

/// What an endpoint has to say: its answer, or what the answer waits for.
enum Reply {
    case response(Response)
    case wait(LinkWait)
}
