import Glibc
import Testing

@testable import FastCGI

/// Parks exchanges without a lane: nobody takes them but the tests.
struct ParkingPlace {
    let exchanges = ParkedExchanges(maximum: 1000)
    private let set: ReadinessSet

    init() throws {
        var ends: (Int32, Int32) = (-1, -1)
        let code = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe pipe($0) }
        }
        try #require(code == 0)
        set = try ReadinessSet(listener: ends.0, wakeUp: ends.1, sharing: .shared)
        close(ends.0)
        close(ends.1)
    }

    func park(_ exchange: Exchange = Exchange()) throws -> ParkedExchange {
        try #require(exchanges.park(exchange, on: -1, since: .now, in: set))
    }
}
