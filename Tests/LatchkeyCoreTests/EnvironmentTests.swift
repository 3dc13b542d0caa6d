import JOSE
import LatchkeyCore
import Testing
import WireFormats

@Suite("The environment")
struct EnvironmentTests {
    @Test("tells whole seconds")
    func now() {
        #expect(Fixture.environment().now == Fixture.now)
    }

    @Test("makes ids of version 7 from the time and randomness")
    func newUUID() throws {
        let environment = Environment(
            milliseconds: { 0x0195_8c8a_1234 }, random: { () throws(JOSEError) in (.max, .max) })
        #expect(try environment.newUUID().description == "01958c8a-1234-7fff-bfff-ffffffffffff")
    }

    @Test("is of this world when it is live")
    func live() throws {
        let environment = Environment.live
        #expect(environment.now > Fixture.now)
        let ids = try (0..<100).map { _ in try environment.newUUID() }
        #expect(Set(ids).count == 100)
    }
}
