internal import JOSE
internal import LatchkeyCore

extension KeyRing.Keys {
    /// Reads the three key files.
    ///
    /// - Throws: a sentence that names the file, and how to mend it where that is known.
    static func load(_ settings: Settings) throws(StartError) -> KeyRing.Keys {
        do throws(JOSEError) {
            return KeyRing.Keys(
                tokens: try KeySet.load(
                    fromFile: settings.keysFile, refusingSecretsIn: settings.weakSecretsFile),
                secretHashes: try KeySet.load(
                    fromFile: settings.secretHashKeysFile, refusingSecretsIn: nil),
                downloads: try KeySet.load(
                    fromFile: settings.downloadKeysFile, refusingSecretsIn: nil))
        } catch {
            throw StartError("\(error)")
        }
    }
}
