import JOSE
import LatchkeyCore
import LatchkeyServer

/// What `latchkey-webhooks --check-config` finds, without starting anything.
struct ConfigurationCheck {
    /// A sentence each; none when the configuration can be used.
    private(set) var mistakes: [String]
    /// The settings as they were understood, and the keys by their ids.
    private(set) var text: String

    init(environment: [String: String], file: String?) {
        let (settings, found) = Settings.read(environment: environment, file: file)
        mistakes = found
        text = settings.text
        if !settings.webhookKeysFile.isEmpty, !settings.downloadKeysFile.isEmpty {
            do throws(StartError) {
                let keys = try WebhookKeys.Keys.load(settings)
                text += keys.webhooks.line("webhook keys, new secrets are derived from the first")
                text += keys.downloads.line("download keys, the first signs")
            } catch {
                mistakes.append("\(error)")
            }
        }
        do throws(StartError) {
            let roots = try TrustedRoots.load(settings)
            text += "# \(roots.count) root certificates\n"
        } catch {
            mistakes.append("\(error)")
        }
    }
}
