import JOSE
import LatchkeyCore

extension WebhookKeys.Keys {
    /// Reads both key files.
    ///
    /// - Throws: a sentence that names the file, and how to mend it where that is known.
    static func load(_ settings: Settings) throws(StartError) -> WebhookKeys.Keys {
        do throws(JOSEError) {
            return WebhookKeys.Keys(
                webhooks: try KeySet.load(fromFile: settings.webhookKeysFile),
                downloads: try KeySet.load(fromFile: settings.downloadKeysFile))
        } catch {
            throw StartError("\(error)")
        }
    }
}
