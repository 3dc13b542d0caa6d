/// Finds the endpoint of a path. A path is matched as a whole: no other case, no trailing slash, no prefix.
struct Router {
    private struct Template {
        /// What stands before, between and behind the parts in braces.
        let literals: [[UInt8]]
        let route: Route

        /// The parts in braces; nil where the path is another one.
        func captures(of path: [UInt8]) -> [ArraySlice<UInt8>]? {
            var rest = path[...]
            var captured: [ArraySlice<UInt8>] = []
            for (index, literal) in literals.enumerated() {
                if index > 0 {
                    let isLast = index == literals.count - 1
                    // At the end of the template: all that there is.
                    let end = isLast && literal.isEmpty ? rest.endIndex : rest.firstIndex(of: UInt8(ascii: "/"))
                    guard let end else { return nil }
                    captured.append(rest[..<end])
                    rest = rest[end...]
                }
                guard rest.starts(with: literal) else { return nil }
                rest = rest.dropFirst(literal.count)
            }
            return rest.isEmpty ? captured : nil
        }
    }

    private let exact: [(path: [UInt8], route: Route)]
    private let templates: [Template]

    init() {
        let all = Route.allCases.map { Template(literals: Self.literals(of: $0.path), route: $0) }
        exact = all.filter { $0.literals.count == 1 }.map { ($0.literals[0], $0.route) }
        templates = all.filter { $0.literals.count > 1 }
    }

    /// A path split at its braces has a name at every second place.
    private static func literals(of path: String) -> [[UInt8]] {
        let parts = path.utf8.split(omittingEmptySubsequences: false) { byte in
            byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}")
        }
        return stride(from: 0, to: parts.count, by: 2).map { Array(parts[$0]) }
    }

    /// - Returns: the endpoint, and the parts of the path that its template has in braces, in their order.
    func route(for path: [UInt8]) -> (route: Route, captured: [ArraySlice<UInt8>])? {
        for entry in exact where entry.path == path { return (entry.route, []) }
        for template in templates {
            if let captured = template.captures(of: path) { return (template.route, captured) }
        }
        return nil
    }
}
