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
        let split = Route.allCases.map { route in
            (literals: route.path.split(separator: #/\{\w+\}/#, omittingEmptySubsequences: false), route: route)
        }
        exact = split.filter { $0.literals.count == 1 }.map { (Array($0.route.path.utf8), $0.route) }
        templates = split.filter { $0.literals.count > 1 }.map { literals, route in
            Template(literals: literals.map { Array($0.utf8) }, route: route)
        }
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
