internal import ContentStore
internal import PostgreSQL

extension Refusal {
    /// What a caller hears of an error below the domain: that the same request may succeed soon, that no space is left,
    /// or that it is ours.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal:
            self = refusal
        case let error as DatabaseError where error.isOutage:
            self.init(.temporarilyUnavailable, reason: "database_unavailable")
        case let error as DatabaseError where Self.mayPass(error):
            self.init(.temporarilyUnavailable, reason: "database_overloaded")
        case let error as ContentStoreError where error.kind == .full:
            self.init(.storeFull, reason: "store_full")
        case let error as ContentStoreError where error.kind == .busy:
            self.init(.temporarilyUnavailable, reason: "store_locked")
        default:
            self.init(.internalError, reason: "\(error)")
        }
    }

    /// Whether the server did nothing for a reason that passes: the role's statement_timeout (57014) or lock_timeout
    /// (55P03), no memory or disk left (class 53), or trouble of the system below it (58).
    private static func mayPass(_ error: DatabaseError) -> Bool {
        guard case .server(let state) = error.kind else { return false }
        return state == SQLState("55P03") || ["53", "57", "58"].contains(state.classCode)
    }
}
