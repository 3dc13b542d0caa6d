import ArgumentParser

@main
struct Latchkey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey",
        abstract: "Administers Latchkey: client apps, keys, users, collectors, webhooks and more.",
        discussion: """
            Settings come from the environment, or from a file of the same names given \
            with --config:
              LATCHKEY_DATABASE_URL           the database, without a password, as a role
                                              that may act as latchkey_administrator
              LATCHKEY_KEYS_FILE              the keys that sign and verify tokens
              LATCHKEY_SECRET_HASH_KEYS_FILE  the keys that API secrets are hashed under
              LATCHKEY_DOWNLOAD_KEYS_FILE     the keys that sign download links
              LATCHKEY_WEBHOOK_KEYS_FILE      the keys that webhook secrets are made of
              LATCHKEY_DOCUMENTS_FOLDER       the folder of stored documents, for
                                              `user erase` and `maintenance run`
              LATCHKEY_VERIFY_SOCKET, LATCHKEY_DATABASE_SOCKET,
              LATCHKEY_UPLOAD_SOCKET, LATCHKEY_NGINX_CONFIG
                                              what `latchkey doctor` looks at

            Every act is recorded in the audit log with its actor. No secret or token is \
            ever an argument.

            EXAMPLES
              latchkey app create --name 'Tax Planner'
              latchkey secret regenerate 01976a3e-5c1f-7e6b-9a35-2f0f4c2d8e11
              latchkey token inspect --token-file token.txt
              latchkey doctor

            SHELL COMPLETION
              latchkey --generate-completion-script bash \\
                  >/etc/bash_completion.d/latchkey
              The same with zsh or fish, into a folder where that shell looks for it.

            EXIT STATUS
              0   done
              1   failed, and the message says why; or the doctor found something wrong
              3   there is no such client app, origin, API key, user, collector,
                  platform or delivery
              4   refused: a token that is not accepted or cannot be revoked, a key or a
                  platform of that name is there already, or a client app lacks what a
                  test of its webhook needs or has as many origins as it may have
              64  a wrong argument
              69  the database cannot be reached
              78  a setting, a key file or the database's schema is not as it must be
            """,
        version: "0.1.0",
        subcommands: [
            AppCommands.self, SecretCommands.self, KeyCommands.self, TokenCommands.self, UserCommands.self,
            CollectorCommands.self, PlatformCommands.self, WebhookCommands.self, MaintenanceCommands.self, Doctor.self,
        ])
}
