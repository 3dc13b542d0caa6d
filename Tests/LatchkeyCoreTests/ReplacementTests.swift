import JOSE
import Synchronization
import Testing
import WireFormats

@testable import LatchkeyCore

/// What is replaced as a whole while many threads read it. Worth most under the thread sanitizer.
@Suite("While it is replaced")
struct ReplacementTests {
    /// Runs `write` once a round, and `read` on several threads until all rounds are over and once more.
    ///
    /// - Returns: what `read` found wrong.
    private func race(
        rounds: Int, write: @escaping @Sendable (Int) -> Void, read: @escaping @Sendable (_ isLast: Bool) -> String?
    ) -> [String] {
        let isOver = Flag()
        let mistakes = Notes()
        onThreads(6) { thread in
            if thread == 0 {
                for round in 1...rounds { write(round) }
                isOver.raise()
                return
            }
            while !isOver.isUp { mistakes.add(read(false)) }
            mistakes.add(read(true))
        }
        return mistakes.all
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)

        var isUp: Bool { value.load(ordering: .acquiring) }

        func raise() { value.store(true, ordering: .releasing) }
    }

    private final class Notes: Sendable {
        private let notes = Mutex<[String]>([])

        var all: [String] { notes.withLock { $0 } }

        func add(_ note: String?) {
            guard let note else { return }
            notes.withLock { $0.append(note) }
        }
    }

    @Test("a key ring never shows keys older than their edition")
    func keyRing() throws {
        let rounds = 5000
        let sets = try (1...rounds + 1).map { try TestKey.keySet(TestKey(id: "\($0)", seed: $0)) }
        let ring = KeyRing(.init(tokens: sets[0], secretHashes: sets[0], downloads: sets[0]))
        let mistakes = race(rounds: rounds) { round in
            let set = sets[round]
            ring.replace(with: .init(tokens: set, secretHashes: set, downloads: set))
        } read: { isLast in
            let (edition, keys) = ring.current
            let number = Int(keys.tokens.current.id.description) ?? 0
            let isWhole = keys.secretHashes.current.id == keys.tokens.current.id
            let isRight = number >= edition && ring.currentEdition >= edition && isWhole
                && (!isLast || edition == rounds + 1)
            return isRight ? nil : "edition \(edition) came with keys \(number)"
        }
        #expect(mistakes.isEmpty)
    }

    @Test("a snapshot holder never shows a snapshot older than its edition")
    func snapshotHolder() {
        let rounds = 20_000
        let holder = SnapshotHolder(VerifierSnapshot(version: 1))
        let mistakes = race(rounds: rounds) { round in
            let app = ClientApp.ID(UUID(high: 0, low: UInt64(round + 1)))
            holder.replace(with: VerifierSnapshot(version: Int64(round + 1), activeApps: [app]))
            holder.confirm(at: .now)
        } read: { isLast in
            let (edition, snapshot) = holder.current
            let isWhole = snapshot.activeApps.isEmpty
                || snapshot.activeApps == [ClientApp.ID(UUID(high: 0, low: UInt64(snapshot.version)))]
            let isRight = snapshot.version >= edition && isWhole && holder.age < .seconds(60)
                && (!isLast || holder.version == rounds + 1)
            return isRight ? nil : "edition \(edition) came with version \(snapshot.version)"
        }
        #expect(mistakes.isEmpty)
    }

    @Test("tokens are issued and verified without a failure")
    func tokens() throws {
        let (one, other) = (try TestKey.keySet(.first, .second), try TestKey.keySet(.second, .first))
        let ring = KeyRing(.init(tokens: one, secretHashes: one, downloads: one))
        let snapshots = SnapshotHolder(VerifierSnapshot(version: 1, activeApps: [Fixture.app]))
        let environment = Fixture.environment()
        let mistakes = Notes()
        onThreads(4) { thread in
            if thread == 0 {
                for round in 0..<300 {
                    let keys = round.isMultiple(of: 2) ? other : one
                    ring.replace(with: .init(tokens: keys, secretHashes: keys, downloads: keys))
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
                mistakes.add(refusal { () throws(Refusal) in
                    try verifier.verify(issuer.issue(request).token[...], mode: .production)
                }?.reason)
            }
        }
        #expect(mistakes.all.isEmpty)
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
