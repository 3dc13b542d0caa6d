/// Finds the endpoint of a path. A path is matched as a whole: no other case, no trailing slash, no prefix.
struct Router {
    private let table: [(path: [UInt8], route: Route)] = Route.allCases.map { (Array($0.path.utf8), $0) }

    func route(for path: [UInt8]) -> Route? {
        for entry in table where entry.path == path { return entry.route }
        return nil
    }
}
