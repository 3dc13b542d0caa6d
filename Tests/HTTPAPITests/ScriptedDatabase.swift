import LatchkeyCore
import PostgreSQL
import WireFormats

/// Answers as `latchkey_api.token_context` does, from memory.
final class ScriptedDatabase {
    struct Credential {
        var clientApp: ClientApp.ID
        var isActive = true
        var isSandboxOnly = false
        /// By the hash of the secret: whether its time is over.
        var secrets: [[UInt8]: Bool] = [:]
    }

    struct UserKey: Hashable {
        let clientApp: ClientApp.ID
        let id: UUID
    }

    struct IdempotencyKey: Hashable {
        let clientApp: ClientApp.ID
        let mode: Mode
        let key: String
    }

    var isAway = false
    var credentials: [UUID: Credential] = [:]
    var users: [UserKey: (mode: Mode, isErased: Bool)] = [:]
    var usedKeys: [IdempotencyKey: (user: UUID, madeUser: Bool)] = [:]

    func context(of request: TokenContextRequest) throws(DatabaseError) -> TokenContext {
        if isAway { throw DatabaseError.unreachable }
        guard let credential = credentials[request.apiKey] else {
            return TokenContext(outcome: .unknownAPIKey, clientApp: nil, user: nil)
        }
        let app = credential.clientApp
        let key = request.idempotencyKey.map { IdempotencyKey(clientApp: app, mode: request.mode, key: $0) }
        let used = key.flatMap { usedKeys[$0] }
        let user = used?.user ?? request.userID ?? request.newUserID
        let outcome = outcome(request, credential, used, users[UserKey(clientApp: app, id: user)])
        guard outcome == .ok else { return TokenContext(outcome: outcome, clientApp: app, user: nil) }
        if let key, used == nil { usedKeys[key] = (user, request.userID == nil) }
        users[UserKey(clientApp: app, id: user)] = (request.mode, false)
        return TokenContext(outcome: .ok, clientApp: app, user: User.ID(user))
    }

    private func outcome(
        _ request: TokenContextRequest, _ credential: Credential, _ used: (user: UUID, madeUser: Bool)?,
        _ known: (mode: Mode, isErased: Bool)?
    ) -> TokenContext.Outcome {
        let secrets = request.secretHashes.compactMap { credential.secrets[$0] }
        guard let isOver = secrets.first else { return .wrongSecret }
        if isOver { return .expiredSecret }
        if credential.isSandboxOnly, request.mode != .sandbox { return .wrongMode }
        if !credential.isActive { return .disabledApp }
        if let used {
            let isTheSame = request.userID.map { $0 == used.user } ?? used.madeUser
            if !isTheSame { return .idempotencyConflict }
        }
        guard let known else { return used == nil && request.userID == nil ? .ok : .unknownUser }
        if known.mode != request.mode { return .unknownUser }
        return known.isErased ? .erasedUser : .ok
    }
}
