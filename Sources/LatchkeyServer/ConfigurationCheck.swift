internal import ContentStore
package import JOSE
internal import LatchkeyCore

/// What `latchkeyd --check-config` finds, without starting anything.
public struct ConfigurationCheck {
    /// A sentence each; none when the configuration can be used.
    public let mistakes: [String]
    /// The settings as they were understood, and the keys by their ids.
    public let text: String

    public init(environment: [String: String], file: String?) {
        let (settings, found) = Settings.read(environment: environment, file: file)
        var mistakes = found
        var text = settings.text
        if !settings.keysFile.isEmpty, !settings.secretHashKeysFile.isEmpty, !settings.downloadKeysFile.isEmpty {
            do throws(StartError) {
                let keys = try KeyRing.Keys.load(settings)
                text += keys.tokens.line("token keys, the first signs")
                text += keys.secretHashes.line("keys for secret hashes, the first makes new ones")
                text += keys.downloads.line("keys of download links, the first signs")
            } catch {
                mistakes.append("\(error)")
            }
        }
        if !settings.documentsFolder.isEmpty {
            do throws(StartError) {
                _ = try ContentStore(checking: settings)
            } catch {
                mistakes.append("\(error)")
            }
        }
        self.mistakes = mistakes
        self.text = text
    }
}

extension KeySet {
    /// A comment below the settings: what the keys are for, and their ids.
    package func line(_ what: String) -> String {
        "# \(what): " + keys.map { "\($0.id) (\($0.algorithm.rawValue))" }.joined(separator: ", ") + "\n"
    }
}
