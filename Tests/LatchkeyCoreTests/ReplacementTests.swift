import Dispatch
import JOSE
import Synchronization
import Testing
import WireFormats

@testable import LatchkeyCore

/// What is replaced as a whole while many threads read it. Worth most under the thread sanitizer.
@Suite("While it is replaced")
struct ReplacementTests {
    /// Runs `write` once a round, and `read` on several threads until all rounds are over.
    private func race(rounds: Int, write: @Sendable (Int) -> Void, read: @Sendable (_ isLast: Bool) -> Void) {
        let isOver = Atomic<Bool>(false)
        DispatchQueue.concurrentPerform(iterations: 6) { thread in
            if thread == 0 {
                for round in 1...rounds { write(round) }
                isOver.store(true, ordering: .releasing)
                return
            }
            while !isOver.load(ordering: .acquiring) { read(false) }
            read(true)
        }
    }

    @Test("a key ring never shows keys older than their edition")
    func keyRing() throws {
        let rounds = 200
        let sets = try (1...rounds + 1).map { try TestKey.keySet(TestKey(id: "\($0)", seed: $0)) }
        let ring = KeyRing(.init(tokens: sets[0], secretHashes: sets[0]))
        race(rounds: rounds) { round in
            ring.replace(with: .init(tokens: sets[round], secretHashes: sets[round]))
        } read: { isLast in
            let (edition, keys) = ring.current
            let number = Int(keys.tokens.current.id.description) ?? 0
            #expect(number >= edition && ring.currentEdition >= edition)
            #expect(keys.secretHashes.current.id == keys.tokens.current.id, "both are of one edition")
            if isLast { #expect(number == rounds + 1 && edition == rounds + 1) }
        }
    }

    @Test("a snapshot holder never shows a snapshot older than its edition")
    func snapshotHolder() {
        let rounds = 20_000
        let holder = SnapshotHolder(VerifierSnapshot(version: 1))
        race(rounds: rounds) { round in
            let app = ClientApp.ID(UUID(high: 0, low: UInt64(round + 1)))
            holder.replace(with: VerifierSnapshot(version: Int64(round + 1), activeApps: [app]))
            holder.confirm(at: .now)
        } read: { isLast in
            let (edition, snapshot) = holder.current
            let isWhole = snapshot.activeApps.isEmpty
                || snapshot.activeApps == [ClientApp.ID(UUID(high: 0, low: UInt64(snapshot.version)))]
            if snapshot.version < edition || !isWhole || holder.age > .seconds(60) {
                Issue.record("edition \(edition) came with version \(snapshot.version)")
            }
            if isLast { #expect(snapshot.version == rounds + 1 && holder.version == rounds + 1) }
        }
    }

    @Test("tokens are issued and verified without a failure")
    func tokens() throws {
        let (one, other) = (try TestKey.keySet(.first, .second), try TestKey.keySet(.second, .first))
        let ring = KeyRing(.init(tokens: one, secretHashes: one))
        let snapshots = SnapshotHolder(VerifierSnapshot(version: 1, activeApps: [Fixture.app]))
        let environment = Fixture.environment()
        let issued = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            if thread == 0 {
                for round in 0..<300 {
                    let keys = round.isMultiple(of: 2) ? other : one
                    ring.replace(with: .init(tokens: keys, secretHashes: keys))
                    snapshots.replace(with: VerifierSnapshot(version: Int64(round), activeApps: [Fixture.app]))
                }
                return
            }
            let issuer = TokenIssuer(keys: ring, environment: environment) { _ in
                TokenContext(outcome: .ok, clientApp: Fixture.app, user: Fixture.user)
            }
            let verifier = TokenVerifier(
                keys: ring, snapshots: snapshots, policy: AccessToken.policy(leeway: .zero), staleAfter: .seconds(30),
                environment: environment)
            let request = TokenRequest(
                mode: .production, apiKey: "", apiSecret: "s", userID: nil, idempotencyKey: nil, requestID: "r")
            for _ in 0..<300 {
                let failure = refusal { () throws(Refusal) in
                    try verifier.verify(issuer.issue(request).token[...], mode: .production)
                }
                if let failure { Issue.record("\(failure)") } else { issued.add(1, ordering: .relaxed) }
            }
        }
        #expect(issued.load(ordering: .relaxed) == 900)
    }
}

@Suite("A snapshot holder")
struct SnapshotHolderTests {
    @Test("counts its editions")
    func editions() {
        let holder = SnapshotHolder(VerifierSnapshot(version: 7))
        #expect(holder.current.edition == holder.currentEdition && holder.version == 7)
        let before = holder.currentEdition
        holder.replace(with: VerifierSnapshot(version: 9, activeApps: [Fixture.app]))
        #expect(holder.currentEdition != before && holder.version == 9)
        #expect(holder.current.snapshot.activeApps == [Fixture.app])
    }

    @Test("is as old as its last confirmation, which a new snapshot alone is not")
    func age() {
        let holder = SnapshotHolder(VerifierSnapshot(version: 1))
        #expect(holder.age < .seconds(5))
        holder.confirm(at: .now - .seconds(100))
        holder.replace(with: VerifierSnapshot(version: 2))
        #expect(holder.age >= .seconds(100) && holder.age < .seconds(105))
        holder.confirm(at: .now)
        #expect(holder.age >= .zero && holder.age < .seconds(5))
    }
}
