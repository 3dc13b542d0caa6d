import JOSE
import LatchkeyCore
import Testing

@Suite("The keys of a process among several")
struct KeysTests {
    @Test("verify with the next keys before they sign with them")
    func accepting() throws {
        let old = KeyRing.Keys(
            tokens: try TestKey.keySet(.first), secretHashes: try TestKey.keySet(.first),
            downloads: try TestKey.keySet(.first))
        let new = KeyRing.Keys(
            tokens: try TestKey.keySet(.second, .first), secretHashes: try TestKey.keySet(.second),
            downloads: try TestKey.keySet(.second))
        let both = old.accepting(new)
        #expect(both.tokens.keys.map(\.id.description) == [TestKey.first.id, TestKey.second.id])
        #expect(both.secretHashes.keys.map(\.id.description) == [TestKey.first.id, TestKey.second.id])
        #expect(both.downloads.keys.map(\.id.description) == [TestKey.first.id, TestKey.second.id])
        #expect(old.accepting(old).tokens.keys.count == 1)
    }
}
