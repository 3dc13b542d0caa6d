import LatchkeyCore

extension Service {
    /// A service that does nothing: each act is refused with a reason of its own.
    static var idle: Service {
        func refuse(_ act: String) -> Refusal { Refusal(.internalError, reason: "no \(act) here") }
        return Service(
            environment: .live,
            baseURLs: BaseURLs(production: "https://api.example.com", sandbox: "https://sandbox.example.com"),
            webhookURLs: WebhookURLRules(allowed: []),
            issueToken: { _ throws(Refusal) in throw refuse("token") },
            verifyToken: { _, _ throws(Refusal) in throw refuse("verify") },
            priorYear: { _ throws(Refusal) in throw refuse("prior year") },
            beginRetrieval: { _ throws(Refusal) in throw refuse("begin") },
            recordFile: { _, _ throws(Refusal) in throw refuse("file") },
            finishRetrieval: { _ throws(Refusal) in throw refuse("finish") },
            openDocument: { _ throws(Refusal) in throw refuse("document") },
            initializeToken: { _ throws(Refusal) in throw refuse("initialization") },
            linkOrigins: { _, _ throws(Refusal) in throw refuse("page") },
            openLink: { _ throws(Refusal) in throw refuse("opening") },
            linkPlatforms: { _ throws(Refusal) in throw refuse("catalogue") },
            beginLinkAttempt: { _ throws(Refusal) in throw refuse("attempt") },
            linkAttempt: { _ throws(Refusal) in throw refuse("report") })
    }
}
