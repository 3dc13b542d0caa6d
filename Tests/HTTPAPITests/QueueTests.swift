import Testing

@testable import HTTPAPI

/// A worker of a busy lane: requests come at a rate, and it takes the oldest as soon as it has done the one before.
private struct Day {
    var queue = Queue(longestWait: 1000)
    private(set) var answered: [Int64] = []
    private(set) var refused: [Int64] = []
    private var waiting: [Int64] = []
    private var now: Int64 = 1_741_815_000_000

    /// - Parameters:
    ///   - pause: between two requests that come, in milliseconds.
    ///   - work: how long the worker is busy with one that it answers. It refuses in no time.
    mutating func pass(milliseconds: Int64, pause: Int64, work: Int64) {
        (answered, refused) = ([], [])
        let end = now + milliseconds
        var (free, next) = (now, now)
        while now < end {
            while next <= now {
                waiting.append(next)
                next += pause
            }
            while free <= now, !waiting.isEmpty {
                let waited = now - waiting.removeFirst()
                if queue.isTooLate(waited: waited, now: now) {
                    refused.append(waited)
                } else {
                    answered.append(waited)
                    free = now + work
                }
            }
            now += 1
        }
    }

    /// So many requests that have all come so long ago.
    mutating func burst(_ count: Int, waited: Int64) {
        waiting += Array(repeating: now - waited, count: count)
    }
}

@Suite("A queue")
struct QueueTests {
    @Test("refuses nobody as long as all that comes can be done")
    func busy() {
        var day = Day()
        day.pass(milliseconds: 20_000, pause: 10, work: 10)
        #expect(day.refused.isEmpty && day.answered.count == 2000 && day.answered.allSatisfy { $0 <= 10 })
    }

    @Test("refuses half at twice the load, soon, and answers as many as before", arguments: [2, 10, 20, 50] as [Int64])
    func overload(work: Int64) {
        var day = Day()
        day.pass(milliseconds: 1500, pause: work / 2, work: work)
        #expect(day.answered.allSatisfy { $0 <= 1000 })
        day.pass(milliseconds: 10_000, pause: work / 2, work: work)
        let possible = Int(10_000 / work)
        #expect(abs(day.answered.count - possible) <= possible / 20)
        #expect(abs(day.refused.count - possible) <= possible / 5)
        #expect((day.answered + day.refused.dropFirst(possible / 4)).allSatisfy { $0 <= 250 + work })
    }

    @Test("refuses nobody any more when the load is over")
    func recovery() {
        var day = Day()
        day.pass(milliseconds: 5000, pause: 5, work: 10)
        #expect(!day.refused.isEmpty)
        day.pass(milliseconds: 1000, pause: 20, work: 10)
        day.pass(milliseconds: 5000, pause: 20, work: 10)
        #expect(day.refused.isEmpty && day.answered.count == 250)
    }

    @Test("works a burst off, at the start and after minutes of quiet", arguments: [0, 600_000] as [Int64])
    func burst(quiet: Int64) {
        var day = Day()
        if quiet > 0 { day.pass(milliseconds: 100, pause: 20, work: 10) }
        day.pass(milliseconds: quiet, pause: quiet + 1, work: 10)
        day.burst(50, waited: 400)
        day.pass(milliseconds: 2000, pause: 20, work: 10)
        #expect(day.refused.isEmpty && day.answered.contains { $0 > 800 })
    }

    @Test("is not taken for full where a busy worker, which has 50 requests a millisecond, stood still for a moment")
    func hiccup() {
        var queue = Queue(longestWait: 1000)
        var now: Int64 = 1_741_815_000_000
        for index in 1...100_000 {
            let isTooLate = queue.isTooLate(waited: 2, now: now)
            #expect(!isTooLate)
            if index % 50 == 0 { now += 1 }
        }
        for waited in stride(from: 400, through: 0, by: -1) as StrideThrough<Int64> {
            let isTooLate = queue.isTooLate(waited: waited, now: now + 400)
            #expect(!isTooLate)
        }
    }

    @Test("is not misled for long by a clock that is set", arguments: [-3_600_000, -1500, 1500, 3_600_000] as [Int64])
    func clock(step: Int64) {
        var queue = Queue(longestWait: 1000)
        var now: Int64 = 1_741_815_000_000
        for _ in 0..<100 {
            let isTooLate = queue.isTooLate(waited: 0, now: now)
            #expect(!isTooLate)
            now += 10
        }
        now += step
        for _ in 0..<1000 {
            let isTooLate = queue.isTooLate(waited: 5, now: now)
            #expect(!isTooLate)
            now += 10
        }
    }
}
