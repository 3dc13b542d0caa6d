/// Where clients find the service, by the mode: what the URLs begin with that it hands out. No slash at the end.
public struct BaseURLs: Sendable {
    private let production: String
    private let sandbox: String

    public init(production: String, sandbox: String) {
        self.production = production
        self.sandbox = sandbox
    }

    /// Whether other URLs can be made of it by what is put behind it.
    public static func isBaseURL(_ text: String) -> Bool {
        text.hasPrefix("https://") && !text.hasSuffix("/") && !text.utf8.contains(UInt8(ascii: "?"))
            && WebhookURL(text) != nil
    }

    public subscript(mode: Mode) -> String {
        switch mode {
        case .production: production
        case .sandbox: sandbox
        }
    }
}
