internal import Configuration
internal import FoundationEssentials
public import LatchkeyCore
package import Logging
internal import PostgreSQL

/// Where settings come from: environment variables, then a file of the same names (`NAME=value` lines, `#` comments),
/// read by swift-configuration. Collects a sentence for every mistake instead of stopping at the first.
package struct SettingsSource {
    private let reader: ConfigReader
    package private(set) var mistakes: [String] = []

    /// - Parameters:
    ///   - path: the file, nil for none.
    ///   - known: the names that may stand in the file. In the environment others are none of our business.
    package init(environment: [String: String], file path: String?, known: Set<String>) {
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider(environmentVariables: environment)]
        if let path {
            if let text = try? String(contentsOfFile: path, encoding: .utf8) {
                let (values, mistakes) = Self.parse(text, path: path, known: known)
                self.mistakes = mistakes
                providers.append(EnvironmentVariablesProvider(environmentVariables: values))
            } else {
                mistakes = ["cannot read the configuration file \(path): it must be there, readable, and text in UTF-8"]
            }
        }
        reader = ConfigReader(providers: providers)
    }

    /// The value of a name such as `LATCHKEY_KEYS_FILE`; nil when it is not set or empty.
    package func text(_ name: String) -> String? {
        let key = ConfigKey(name.lowercased().split(separator: "_").map(String.init))
        return reader.string(forKey: key).flatMap { $0.isEmpty ? nil : $0 }
    }

    package mutating func required(_ name: String, _ what: String) -> String {
        if let value = text(name) { return value }
        mistakes.append("\(name) is not set: \(what)")
        return ""
    }

    package mutating func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = text(name) else { return value }
        if let number = Int(text), range.contains(number) { return number }
        mistakes.append("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return value
    }

    /// How libpq reaches a database. A wrong one is not returned: it may hold a password, and what is understood is
    /// printed.
    package mutating func conninfo(_ name: String, _ what: String) -> String {
        let text = required(name, what)
        guard !text.isEmpty else { return "" }
        do throws(DatabaseError) {
            _ = try Conninfo(text)
            return text
        } catch {
            mistakes.append("\(name): \(error.serverMessage ?? error.description)")
            return ""
        }
    }

    package mutating func baseURL(_ name: String, _ what: String) -> String {
        let text = required(name, what)
        if !text.isEmpty, !BaseURLs.isBaseURL(text) {
            mistakes.append(
                "\(name) must begin with https:// and have a host, no user, query, fragment or slash at the end")
        }
        return text
    }

    /// `LATCHKEY_WEBHOOK_ALLOWED_NETWORKS`, the same for all programs: networks between commas.
    package mutating func allowedNetworks() -> WebhookNetworks {
        let name = "LATCHKEY_WEBHOOK_ALLOWED_NETWORKS"
        let text = text(name)
        var networks: [IPNetwork] = []
        for part in (text ?? "").split(separator: ",").map({ String($0.filter { !$0.isWhitespace }) }) {
            if let network = IPNetwork(part) {
                networks.append(network)
            } else {
                mistakes.append("\(name): \(part) is no network such as 10.1.0.0/16 or fd00::/8")
            }
        }
        return WebhookNetworks(networks: networks, text: text)
    }

    /// `LATCHKEY_LOG_LEVEL`, the same for all programs.
    package mutating func logLevel() -> Logger.Level {
        guard let name = text("LATCHKEY_LOG_LEVEL") else { return .info }
        if let level = Logger.Level(rawValue: name) { return level }
        let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        mistakes.append("LATCHKEY_LOG_LEVEL must be one of \(names)")
        return .info
    }

    package mutating func add(_ mistake: String) {
        mistakes.append(mistake)
    }

    private static func parse(
        _ text: String, path: String, known: Set<String>
    ) -> (values: [String: String], mistakes: [String]) {
        var values: [String: String] = [:]
        var mistakes: [String] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmed
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let place = "\(path), line \(index + 1)"
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
            guard parts.count == 2 else {
                mistakes.append("\(place) is neither NAME=value nor a comment")
                continue
            }
            if !known.contains(parts[0]) {
                mistakes.append("\(place): there is no setting \(parts[0].prefix(64))")
            } else if values.updateValue(parts[1], forKey: parts[0]) != nil {
                mistakes.append("\(place) sets \(parts[0]) again")
            }
        }
        return (values, mistakes)
    }
}

/// What webhooks may go to besides the public Internet, and how the operator wrote it.
public struct WebhookNetworks: Sendable {
    public let networks: [IPNetwork]
    package let text: String?
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character.isWhitespace }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
