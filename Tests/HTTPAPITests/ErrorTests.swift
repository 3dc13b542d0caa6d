import HTTPTypes
import LatchkeyCore
import Testing

@testable import HTTPAPI

@Suite("An error")
struct ErrorTests {
    private static let bearer = #"Bearer realm="api""#
    private static let invalidToken = #"Bearer realm="api", error="invalid_token""#
    private static let notValid = """
        {"detail":"Given token not valid for any token type","code":"token_not_valid","messages":\
        [{"token_class":"AccessToken","token_type":"access","message":"Token is invalid or expired"}]}
        """

    private typealias Row = (APIError.Kind, Int, HTTPField?, oauth: String, restFramework: String)

    /// One of those that only the endpoints of the general dialect have.
    private static func row(
        _ kind: APIError.Kind, _ status: Int, _ code: String, _ text: String, _ header: HTTPField? = nil
    ) -> Row {
        (kind, status, header, #"{"error":"\#(code)","error_description":"\#(text)"}"#, #"{"detail":"\#(text)"}"#)
    }

    /// Kind, status, its one header beyond those of every answer, and the bodies of two dialects.
    private static let rows: [Row] = [
        (.invalidRequest("A \"sentence\""), 400, nil,
         #"{"error":"invalid_request","error_description":"A \"sentence\""}"#, #"{"detail":"A \"sentence\""}"#),
        (.invalidClient, 401, nil,
         """
         {"error":"invalid_client",\
         "error_description":"Incorrect API key, API secret, or Taiki user ID provided"}
         """, notValid),
        (.idempotencyConflict, 409, nil,
         """
         {"error":"idempotency_conflict",\
         "error_description":"The Idempotency-Key was used with another Taiki user ID"}
         """, notValid),
        (.notAuthenticated, 401, HTTPField(name: .wwwAuthenticate, value: bearer),
         #"{"error":"invalid_token","error_description":"The token is not valid"}"#,
         #"{"detail":"Authentication credentials were not provided."}"#),
        (.badAuthorizationHeader, 401, HTTPField(name: .wwwAuthenticate, value: bearer),
         #"{"error":"invalid_token","error_description":"The token is not valid"}"#,
         """
         {"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}
         """),
        (.invalidToken, 401, HTTPField(name: .wwwAuthenticate, value: invalidToken),
         #"{"error":"invalid_token","error_description":"The token is not valid"}"#, notValid),
        (.notFound, 404, nil,
         #"{"error":"not_found","error_description":"There is no such endpoint"}"#, #"{"detail":"Not found."}"#),
        (.methodNotAllowed(.get, allowed: [.post]), 405, HTTPField(name: .allow, value: "POST"),
         #"{"error":"method_not_allowed","error_description":"The endpoint answers POST only"}"#,
         #"{"detail":"Method \"GET\" not allowed."}"#),
        (.methodNotAllowed(.post, allowed: [.get, .head]), 405, HTTPField(name: .allow, value: "GET, HEAD"),
         #"{"error":"method_not_allowed","error_description":"The endpoint answers GET and HEAD only"}"#,
         #"{"detail":"Method \"POST\" not allowed."}"#),
        row(.expiredToken, 401, "token_expired",
            "The token has expired: get a new one each time the modal is opened",
            HTTPField(name: .wwwAuthenticate, value: invalidToken)),
        row(.tokenOfOtherMode, 401, "wrong_mode", "The token is of the other mode",
            HTTPField(name: .wwwAuthenticate, value: invalidToken)),
        row(.usedToken, 409, "token_used", "The token has opened the modal before: get a new one each time"),
        row(.unknownOrigin, 403, "origin_not_allowed", "The page's origin is not registered for the client app"),
        row(.invalidWebhookURL("A sentence"), 400, "invalid_request", "A sentence"),
        row(.unknownSession, 401, "session_expired", "The session is over: open the modal with a new token",
            HTTPField(name: .wwwAuthenticate, value: invalidToken)),
        row(.unknownAttempt, 404, "not_found", "There is no such attempt"),
        row(.tooManyAttempts, 429, "too_many_attempts", "The session has as many attempts as it may",
            HTTPField(name: .retryAfter, value: "3600")),
        row(.invalidCollector, 401, "invalid_client", "Incorrect collector key provided",
            HTTPField(name: .wwwAuthenticate, value: #"APIKEY realm="api""#)),
        row(.invalidAccessToken, 400, "invalid_token", "The access token or state is not valid"),
        row(.unknownPlatform, 400, "unknown_platform", "There is no such platform"),
        row(.unknownRetrieval, 404, "not_found", "There is no such retrieval"),
        row(.retrievalFinished, 409, "retrieval_finished", "The retrieval is finished"),
        row(.otherStatus, 409, "retrieval_finished", "The retrieval was finished with another status"),
        row(.overQuota, 413, "quota_exceeded", "The retrieval holds as many files or bytes as it may"),
        row(.fileTooLarge, 413, "payload_too_large", "The file is larger than 52428800 bytes"),
        row(.storeFull, 507, "insufficient_storage", "The file could not be stored: no space is left"),
        row(.linkExpired, 403, "link_expired", "The link has expired"),
        row(.invalidLink, 403, "invalid_link", "The link is not valid"),
        (.bodyTooLarge, 413, nil,
         #"{"error":"payload_too_large","error_description":"The body is larger than 16384 bytes"}"#,
         #"{"detail":"Request body exceeded the maximum of 16384 bytes."}"#),
        (.unsupportedMediaType("text/plain"), 415, nil,
         #"{"error":"unsupported_media_type","error_description":"The body must be application/json in UTF-8"}"#,
         #"{"detail":"Unsupported media type \"text/plain\" in request."}"#),
        (.temporarilyUnavailable, 503, HTTPField(name: .retryAfter, value: "1"),
         """
         {"error":"temporarily_unavailable",\
         "error_description":"The service is temporarily unavailable, try again later"}
         """, #"{"detail":"Service temporarily unavailable, try again later."}"#),
        (.internalError, 500, nil,
         """
         {"error":"server_error",\
         "error_description":"The service made a mistake; it has been logged with this request's id"}
         """, #"{"detail":"A server error occurred."}"#),
    ]

    @Test("has a status, a header where one is due, and a text in each dialect", arguments: rows.indices)
    func rendered(row: Int) {
        let (kind, status, header, oauth, restFramework) = Self.rows[row]
        let error = APIError(kind, reason: "a_reason", clientApp: Desk.app)
        for (dialect, body) in [(Dialect.oauth, oauth), (.restFramework, restFramework)] {
            let response = error.response(in: dialect)
            #expect(response.status.code == status)
            #expect(response.headers == [header].compactMap { $0 })
            #expect(String(decoding: response.body, as: UTF8.self) == body)
            #expect(response.reason == "a_reason" && response.clientApp == Desk.app)
        }
    }

    @Test("is a sentence in the dialect of the QuickStart", arguments: [
        (.invalidRequest("A sentence"), #"{"error":"Invalid request"}"#),
        (.invalidWebhookURL("A sentence"), #"{"error":"Invalid request","error_description":"A sentence"}"#),
        (.invalidClient, #"{"error":"Invalid secret or user ID"}"#),
        (.notFound, #"{"error":"There is no such endpoint"}"#),
        (.methodNotAllowed(.get, allowed: [.post]), #"{"error":"The endpoint answers POST only"}"#),
        (.bodyTooLarge, #"{"error":"The body is larger than 16384 bytes"}"#),
        (.unsupportedMediaType("a/b"), #"{"error":"The body must be application/json in UTF-8"}"#),
        (.temporarilyUnavailable, #"{"error":"The service is temporarily unavailable, try again later"}"#),
        (.internalError, #"{"error":"The service made a mistake; it has been logged with this request's id"}"#),
    ] as [(APIError.Kind, String)])
    func quickStart(kind: APIError.Kind, body: String) {
        let error = APIError(kind, reason: "a_reason", clientApp: Desk.app)
        let (response, general) = (error.response(in: .quickStart), error.response(in: .oauth))
        #expect(String(decoding: response.body, as: UTF8.self) == body)
        #expect(response.status == general.status && response.headers == general.headers)
        #expect(response.reason == "a_reason" && response.clientApp == Desk.app)
    }

    @Test("is what a refusal of the domain becomes", arguments: [
        (Refusal.Kind.invalidClient, APIError.Kind.invalidClient), (.idempotencyConflict, .idempotencyConflict),
        (.invalidToken, .invalidToken), (.temporarilyUnavailable, .temporarilyUnavailable),
        (.internalError, .internalError), (.invalidCollector, .invalidCollector),
        (.invalidAccessToken, .invalidAccessToken), (.unknownPlatform, .unknownPlatform),
        (.unknownRetrieval, .unknownRetrieval), (.retrievalFinished, .retrievalFinished),
        (.otherStatus, .otherStatus), (.overQuota, .overQuota), (.fileTooLarge, .fileTooLarge),
        (.incompleteFile, .invalidRequest("The body is not as long as Content-Length says")),
        (.storeFull, .storeFull), (.linkExpired, .linkExpired), (.invalidLink, .invalidLink),
        (.expiredToken, .expiredToken), (.tokenOfOtherMode, .tokenOfOtherMode), (.usedToken, .usedToken),
        (.unknownOrigin, .unknownOrigin), (.unknownSession, .unknownSession), (.unknownAttempt, .unknownAttempt),
        (.tooManyAttempts, .tooManyAttempts),
        (.noWebhookURL, .invalidWebhookURL("No webhookURL provided, and the client app has none of its own")),
    ])
    func refusal(kind: Refusal.Kind, expected: APIError.Kind) {
        let error = APIError(Refusal(kind, reason: "a_reason", clientApp: Desk.app))
        #expect(error.kind == expected && error.reason == "a_reason" && error.clientApp == Desk.app)
    }

    @Test("of the domain is answered in the dialect of the path, its reason only logged",
          arguments: Refusal.Kind.allCases)
    func endpoints(kind: Refusal.Kind) {
        for route in Route.allCases {
            let desk = Desk()
            let refusal = Refusal(kind, reason: "the_very_reason", clientApp: Desk.app)
            desk.refusal = refusal
            let answer = desk.respond(to: Desk.request(for: route))
            #expect(answer.response.body == APIError(refusal).response(in: route.dialect).body)
            #expect(answer.response.reason == "the_very_reason" && answer.response.clientApp == Desk.app)
            #expect(!answer.body.contains("the_very_reason"))
        }
    }

    @Test("does not tell one wrong credential from another", arguments: [
        "unknown_api_key", "malformed_api_key", "wrong_secret", "expired_secret", "wrong_mode", "disabled_app",
        "unknown_user", "erased_user", "malformed_user_id",
    ])
    func indistinguishable(reason: String) {
        let desk = Desk()
        desk.refusal = Refusal(.invalidClient, reason: reason)
        let answer = desk.respond(to: Desk.issue())
        #expect(answer.status == 401 && answer.response.headers.isEmpty)
        #expect(answer.body == """
            {"error":"invalid_client",\
            "error_description":"Incorrect API key, API secret, or Taiki user ID provided"}
            """)
    }
}

@Suite("A request that is used again")
struct RequestTests {
    @Test("keeps nothing of the one before")
    func clear() {
        var request = Desk.verify()
        for field in [
            \Request.method, \.path, \.query, \.contentType, \.authorization, \.idempotencyKey, \.taikiSecret,
            \.taikiUserID, \.requestID, \.callerRequestID, \.callerCorrelationID,
        ] {
            request[keyPath: field] = .init("x", times: 2)
        }
        request.body = .tooLarge
        request.clear()
        for child in Mirror(reflecting: request).children {
            if let field = child.value as? Request.Field {
                #expect(field.count == 0 && field.value.isEmpty && field.text == nil, "\(child.label ?? "")")
            }
        }
        #expect(request.mode == nil)
        guard case .bytes(let bytes) = request.body, bytes.isEmpty else {
            Issue.record("the body is still there")
            return
        }
    }
}
