internal import CLibPQ

/// How to reach the database: a libpq conninfo string or URI, checked, with the defaults of a service that must notice
/// a dead server within seconds.
///
/// A password is refused in it, since it would be seen wherever the conninfo is: in the environment and in
/// configuration files. libpq takes one from a passfile.
///
/// A host given by name is looked up by `getaddrinfo`, which knows no deadline: name a socket's folder, or give
/// `hostaddr` as well. Each of several hosts is tried by itself, so `target_session_attrs` can be `read-write` or `any`
/// but prefer nobody. What a pg_service file says of an option that has a default here does not count.
public struct Conninfo: Sendable {
    /// The options that were given or are added here, in libpq's order. Those of each host are in `hosts`.
    private let shared: [Option]
    private let hosts: [[Option]]
    /// How long one host may take, where there are several; nil without a limit of its own.
    let timeoutPerHost: Duration?

    var hostCount: Int { hosts.count }

    private struct Option: Sendable {
        let keyword: String
        let value: String
    }

    /// What is added where the text says nothing about it.
    private static let defaults = [
        Option(keyword: "connect_timeout", value: "2"),
        Option(keyword: "tcp_user_timeout", value: "3000"),
        Option(keyword: "keepalives_idle", value: "5"),
        Option(keyword: "keepalives_interval", value: "2"),
        Option(keyword: "keepalives_count", value: "3"),
        Option(keyword: "target_session_attrs", value: "read-write"),
        Option(keyword: "client_encoding", value: "UTF8"),
    ]

    /// - Parameter applicationName: shown in `pg_stat_activity` where the text does not say otherwise.
    /// - Throws: `invalidConninfo`, whose `serverMessage` is a sentence for the operator without a value of the text.
    public init(_ text: String, applicationName: String = "latchkeyd") throws(DatabaseError) {
        var options = try Self.parse(text)
        let defaults = Self.defaults + [Option(keyword: "application_name", value: applicationName)]
        for option in defaults where !options.contains(where: { $0.keyword == option.keyword }) {
            options.append(option)
        }
        timeoutPerHost = options.first { $0.keyword == "connect_timeout" }
            .flatMap { Int($0.value) }.flatMap { $0 > 0 ? .seconds(min($0, 86_400)) : nil }
        (shared, hosts) = try Self.splitHosts(options)
    }

    /// The keywords and values for one host, as `PQconnectStartParams` wants them.
    func parameters(host: Int) throws(DatabaseError) -> (keywords: ParameterBuffer, values: ParameterBuffer) {
        let options = shared + hosts[host]
        var (keywords, values) = (ParameterBuffer(), ParameterBuffer())
        try keywords.fill(with: options.map { .text($0.keyword) })
        try values.fill(with: options.map { .text($0.value) })
        return (keywords, values)
    }

    // The corresponding C function is PQconninfoParse.
    private static func parse(_ text: String) throws(DatabaseError) -> [Option] {
        guard !text.utf8.contains(0) else { throw invalid("the conninfo contains NUL") }
        var message: UnsafeMutablePointer<CChar>?
        guard let list = unsafe PQconninfoParse(text, &message) else {
            defer { unsafe PQfreemem(message) }
            throw invalid(unsafe sentence(for: text, message: message.map { unsafe String(cString: $0) }))
        }
        defer { unsafe PQconninfoFree(list) }
        var options: [Option] = []
        var entry = unsafe list
        while let keyword = unsafe entry.pointee.keyword {
            if let value = unsafe entry.pointee.val {
                unsafe options.append(Option(keyword: String(cString: keyword), value: String(cString: value)))
            }
            unsafe entry += 1
        }
        for keyword in ["password", "sslpassword"] where options.contains(where: { $0.keyword == keyword }) {
            throw invalid(
                "the conninfo contains a \(keyword); put it into a file instead (passfile=..., or a pg_service file)")
        }
        return options
    }

    /// Each host of a list becomes a list of options of its own, for each to have its share of the time: libpq itself
    /// goes on to the next host only when one has failed, and a host that does not answer at all does not fail.
    private static func splitHosts(_ options: [Option]) throws(DatabaseError) -> (shared: [Option], hosts: [[Option]]) {
        let perHost: Set = ["host", "hostaddr", "port"]
        let lists = options.filter { perHost.contains($0.keyword) }
            .map { ($0.keyword, $0.value.split(separator: ",", omittingEmptySubsequences: false)) }
        let count = lists.filter { $0.0 != "port" }.map(\.1.count).max() ?? 1
        for (keyword, values) in lists where values.count != count && !(keyword == "port" && values.count == 1) {
            throw invalid("the conninfo names \(values.count) of \(keyword) for \(count) hosts")
        }
        let hosts = (0..<count).map { index in
            lists.map { keyword, values in
                Option(keyword: keyword, value: String(values.count == 1 ? values[0] : values[index]))
            }
        }
        return (options.filter { !perHost.contains($0.keyword) }, hosts)
    }

    /// libpq's message says which word it does not know, but it quotes: not where a password may be part of the text.
    private static func sentence(for text: String, message: String?) -> String {
        if let message, !text.contains("password"), !text.contains("://") {
            return "the conninfo is not valid: " + message.filter { !$0.isNewline }
        }
        return "the conninfo is neither a list of keyword=value that libpq knows nor a postgresql:// URI"
    }

    private static func invalid(_ sentence: String) -> DatabaseError {
        DatabaseError(.invalidConninfo, serverMessage: sentence)
    }
}
