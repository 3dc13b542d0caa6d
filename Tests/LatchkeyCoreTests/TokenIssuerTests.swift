import JOSE
import LatchkeyCore
import Testing
import WireFormats

@testable import PostgreSQL

/// An issuer whose database answers as the test says, and what the database was asked.
private final class Desk {
    let keys: KeyRing
    var answer: Result<TokenContext, DatabaseError>
    private(set) var asked: [TokenContextRequest] = []
    private(set) lazy var issuer = TokenIssuer(
        keys: keys, environment: Fixture.environment(),
        contextOf: { [unowned self] request throws(DatabaseError) in
            asked.append(request)
            return try answer.get()
        })

    init(_ answer: Result<TokenContext, DatabaseError>) throws {
        keys = try TestKey.ring()
        self.answer = answer
    }

    convenience init(_ outcome: TokenContext.Outcome = .ok, clientApp: ClientApp.ID? = Fixture.app) throws {
        try self.init(.success(TokenContext(
            outcome: outcome, clientApp: clientApp, user: outcome == .ok ? Fixture.user : nil)))
    }

    func issue(_ request: TokenRequest = request()) throws(Refusal) -> IssuedToken {
        try issuer.issue(request)
    }

    func refusal(_ request: TokenRequest = request()) -> Refusal? {
        LatchkeyCoreTests.refusal { () throws(Refusal) in try issue(request) }
    }

    static let apiKey = UUID(high: 0xd1, low: 1)

    static func request(
        mode: Mode = .production, apiKey: String = apiKey.description, userID: String? = nil,
        idempotencyKey: String? = nil, waited: Duration = .zero
    ) -> TokenRequest {
        TokenRequest(
            mode: mode, apiKey: apiKey, apiSecret: "lk_live_secret", userID: userID, idempotencyKey: idempotencyKey,
            requestID: "request-1", waited: waited)
    }
}

/// The header or the claims of a token, as text.
private func segment(_ index: Int, of token: [UInt8]) throws -> String {
    String(decoding: try #require(Base64URL.decode(token.split(separator: UInt8(ascii: "."))[index])), as: UTF8.self)
}

@Suite("A token issuer")
struct TokenIssuerTests {
    @Test("issues a token of the user that the database names, signed with the current key", arguments: Mode.allCases)
    func issues(mode: Mode) throws {
        let issued = try Desk().issue(Desk.request(mode: mode))
        #expect(issued.user == Fixture.user && issued.clientApp == Fixture.app)
        #expect(try segment(0, of: issued.token) == #"{"alg":"HS256","typ":"JWT","kid":"2025-03"}"#)
        // Its id is made of the third pair of random words: the first is the new user's, which the database is offered.
        #expect(try segment(1, of: issued.token) == """
            {"token_type":"access","exp":1741818600,"iat":1741815000,"jti":"00000000000000030000000000000004",\
            "client_app_id":"\(Fixture.app.uuid)","taiki_user_id":"\(Fixture.user.uuid)","mode":"\(mode.rawValue)"}
            """)
        let verifier = try Verifier(keys: TestKey.keySet(.first), policy: TokenPolicy())
        _ = try verifier.verify(issued.token[...], at: Fixture.now)
    }

    @Test("gives every token another id")
    func tokenIDs() throws {
        let desk = try Desk()
        let tokens = try Set((0..<100).map { _ in try desk.issue().token })
        #expect(tokens.count == 100)
    }

    @Test("asks the database once, with the hashes of the secret and never the secret")
    func asks() throws {
        let desk = try Desk()
        _ = try desk.issue(Desk.request(mode: .sandbox, idempotencyKey: "key-1", waited: .milliseconds(7)))
        try #require(desk.asked.count == 1)
        let asked = desk.asked[0]
        #expect(asked.mode == .sandbox && asked.apiKey == Desk.apiKey)
        #expect(asked.userID == nil && asked.idempotencyKey == "key-1" && asked.requestID == "request-1")
        #expect(asked.waited == .milliseconds(7))
        #expect(try asked.secretHashes == [
            HMACSHA256(key: TestKey.second.bytes).authenticationCode(for: Array("lk_live_secret".utf8)),
        ])
    }

    @Test("offers the database an id for a new user: of version 7, of this moment, another one each time")
    func newUserID() throws {
        let desk = try Desk()
        for _ in 0..<3 { _ = try desk.issue() }
        let milliseconds = UInt64(Fixture.now.secondsSinceEpoch * 1000 + 987)
        for asked in desk.asked {
            #expect(asked.newUserID.high >> 16 == milliseconds && asked.newUserID.high >> 12 & 15 == 7)
        }
        #expect(Set(desk.asked.map(\.newUserID)).count == 3)
    }

    @Test("names the user that the caller named, in any case")
    func namedUser() throws {
        let desk = try Desk()
        _ = try desk.issue(Desk.request(userID: Fixture.user.uuid.description.uppercased()))
        #expect(desk.asked.map(\.userID) == [Fixture.user.uuid])
    }

    @Test("refuses by the outcome", arguments: [
        (TokenContext.Outcome.unknownAPIKey, Refusal.Kind.invalidClient, "unknown_api_key"),
        (.wrongSecret, .invalidClient, "wrong_secret"),
        (.expiredSecret, .invalidClient, "expired_secret"),
        (.wrongMode, .invalidClient, "wrong_mode"),
        (.disabledApp, .invalidClient, "disabled_app"),
        (.unknownUser, .invalidClient, "unknown_user"),
        (.erasedUser, .invalidClient, "erased_user"),
        (.idempotencyConflict, .idempotencyConflict, "idempotency_conflict"),
    ])
    func outcome(outcome: TokenContext.Outcome, kind: Refusal.Kind, reason: String) throws {
        let app = outcome == .unknownAPIKey ? nil : Fixture.app
        let refusal = try #require(try Desk(outcome, clientApp: app).refusal())
        #expect(refusal.kind == kind && refusal.reason == reason && refusal.clientApp == app)
    }

    @Test("looks up an API key that is no UUID under an id that nobody has, to take the same time", arguments: [
        "x", "", "0000000000000000d100000000000001", "{00000000-0000-00d1-0000-000000000001}", "' OR ''='",
        "00000000-0000-00d1-0000-000000000001 ", "0", String(repeating: "a", count: 300),
    ])
    func malformedAPIKey(apiKey: String) throws {
        let desk = try Desk(.unknownAPIKey, clientApp: nil)
        let refusals = [desk.refusal(Desk.request(apiKey: apiKey)), desk.refusal(Desk.request(apiKey: apiKey))]
        for refusal in refusals {
            #expect(refusal?.kind == .invalidClient && refusal?.reason == "malformed_api_key")
            #expect(refusal?.clientApp == nil)
        }
        try #require(desk.asked.count == 2)
        #expect(Set(desk.asked.flatMap { [$0.apiKey, $0.newUserID] }).count == 4)
        #expect(desk.asked.allSatisfy { $0.secretHashes.count == 1 })
    }

    @Test("looks up a user id that is no UUID under an id that nobody has, to take the same time", arguments: [
        "x", "me", "00000000-0000-00b1-0000-00000000000g", "-1", String(repeating: "0", count: 300),
    ])
    func malformedUserID(userID: String) throws {
        let desk = try Desk(.unknownUser)
        let refusal = desk.refusal(Desk.request(userID: userID))
        #expect(refusal?.kind == .invalidClient && refusal?.reason == "malformed_user_id")
        #expect(refusal?.clientApp == Fixture.app)
        try #require(desk.asked.count == 1)
        #expect(desk.asked[0].userID != nil && desk.asked[0].userID != desk.asked[0].newUserID)
    }

    @Test("gives the database's reason for a malformed user id of a caller whose secret is wrong")
    func malformedUserIDAndWrongSecret() throws {
        #expect(try Desk(.wrongSecret).refusal(Desk.request(userID: "x"))?.reason == "wrong_secret")
    }

    @Test("says that the service is unavailable while the database is away", arguments: [
        (DatabaseError.Kind.unreachable, "database_unavailable"),
        (.deadline(sent: false), "database_unavailable"),
        (.deadline(sent: true), "database_unavailable"),
        (.connectionLost(sent: false), "database_unavailable"),
        (.connectionLost(sent: true), "database_unavailable"),
        (.server(.adminShutdown), "database_unavailable"),
        (.server(.crashShutdown), "database_unavailable"),
        (.server(.cannotConnectNow), "database_unavailable"),
        (.server(.readOnlyTransaction), "database_unavailable"),
        (.server(.tooManyConnections), "database_unavailable"),
        (.server(.serializationFailure), "database_unavailable"),
        (.server(.deadlockDetected), "database_unavailable"),
        (.server(.queryCanceled), "database_overloaded"),
        (.server(SQLState("55P03")), "database_overloaded"),
        (.server(SQLState("53100")), "database_overloaded"),
        (.server(SQLState("58030")), "database_overloaded"),
    ])
    func outage(kind: DatabaseError.Kind, reason: String) throws {
        let desk = try Desk(.failure(DatabaseError(kind, serverMessage: "of 10.0.0.1, password hunter2")))
        let refusal = try #require(desk.refusal())
        #expect(refusal.kind == .temporarilyUnavailable && refusal.reason == reason && refusal.clientApp == nil)
    }

    @Test("takes any other error for its own, and repeats nothing of what the server wrote", arguments: [
        DatabaseError.Kind.unexpectedResult, .invalidParameter, .server(.uniqueViolation), .server(.undefinedFunction),
        .server(.insufficientPrivilege), .server(SQLState("XX000")),
    ])
    func ownMistake(kind: DatabaseError.Kind) throws {
        let desk = try Desk(.failure(DatabaseError(
            kind, serverMessage: "Key (secret)=(hunter2) exists", serverHint: "hunter2", constraint: "hunter2")))
        let refusal = try #require(desk.refusal())
        #expect(refusal.kind == .internalError)
        #expect(!"\(refusal)".contains("hunter2") && !refusal.reason.contains("lk_live_secret"))
    }

    @Test("takes an answer without an id for its own mistake", arguments: [
        (nil, Fixture.user), (Fixture.app, nil), (nil, nil),
    ] as [(ClientApp.ID?, User.ID?)])
    func incompleteAnswer(clientApp: ClientApp.ID?, user: User.ID?) throws {
        let desk = try Desk(.success(TokenContext(outcome: .ok, clientApp: clientApp, user: user)))
        #expect(desk.refusal()?.kind == .internalError)
    }

    @Test("takes missing randomness for its own mistake, before the database is asked")
    func noRandomness() throws {
        var environment = Fixture.environment()
        environment.random = { () throws(JOSEError) in throw .cryptography(function: "RAND_bytes", errors: "") }
        let set = try TestKey.keySet(.first)
        var calls = 0
        let ring = KeyRing(.init(tokens: set, secretHashes: set, downloads: set))
        let issuer = TokenIssuer(keys: ring, environment: environment) {
            _ throws(DatabaseError) in
            calls += 1
            return TokenContext(outcome: .ok, clientApp: Fixture.app, user: Fixture.user)
        }
        #expect(refusal { () throws(Refusal) in try issuer.issue(Desk.request()) }?.kind == .internalError)
        #expect(calls == 0)
    }

    @Test("signs with a new key from the next token on, and compares secrets under all that are in use")
    func rotation() throws {
        let desk = try Desk()
        #expect(try segment(0, of: desk.issue().token).contains(#""kid":"2025-03""#))
        desk.keys.replace(with: .init(
            tokens: try TestKey.keySet(.second, .first), secretHashes: try TestKey.keySet(.first, .second),
            downloads: try TestKey.keySet(.first)))
        #expect(try segment(0, of: desk.issue().token).contains(#""kid":"2025-04""#))
        #expect(desk.asked.map(\.secretHashes.count) == [1, 2])
        #expect(desk.asked[1].secretHashes[1] == desk.asked[0].secretHashes[0], "the current key's hash comes first")
    }
}
