/// Where clients find the service, by the mode: what the URLs begin with that it hands out. No slash at the end.
public struct BaseURLs: Sendable {
    private let production: String
    private let sandbox: String

    public init(production: String, sandbox: String) {
        self.production = production
        self.sandbox = sandbox
    }

    public subscript(mode: Mode) -> String {
        switch mode {
        case .production: production
        case .sandbox: sandbox
        }
    }
}
