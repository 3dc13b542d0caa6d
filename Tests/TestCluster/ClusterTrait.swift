public import Testing

/// Gives a suite a running cluster of its own, `TestCluster.current`, and removes it afterwards. Where no server is
/// installed the suite is skipped, and the report says so.
public struct ClusterTrait: SuiteTrait, TestScoping {
    let isMigrated: Bool

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let cluster = try TestCluster()
        defer { cluster.remove() }
        try cluster.start()
        if isMigrated { try cluster.migrate() }
        try await TestCluster.$running.withValue(cluster) { try await function() }
    }
}

extension Trait where Self == ClusterTrait {
    public static var cluster: Self { ClusterTrait(isMigrated: false) }
    /// With Latchkey's schemas and roles in the database `postgres`.
    public static var migratedCluster: Self { ClusterTrait(isMigrated: true) }
}

extension Trait where Self == ConditionTrait {
    public static var needsServer: Self {
        .enabled("no PostgreSQL server is installed") { TestCluster.binaries != nil }
    }
}

extension TestCluster {
    @TaskLocal static var running: TestCluster?

    /// The cluster of the suite that is running.
    public static var current: TestCluster {
        get throws {
            guard let running else { throw Failure(description: "the suite has no cluster") }
            return running
        }
    }
}
