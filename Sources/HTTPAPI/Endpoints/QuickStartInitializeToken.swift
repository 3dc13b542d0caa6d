internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /initialize-token`: trades a secret for a token that opens the modal for one user.
///
/// Request: header `TAIKI-SECRET`, optional header `TAIKI-USER-ID`; `webhookURL`, optional where the client app has one
/// of its own.
/// Answer: `id`, and token and user in both spellings of the reference documents.
enum QuickStartInitializeToken {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        // The reference's own code sends its JSON by fetch() without naming the type, which makes it text/plain.
        let body = try request.jsonBody(orText: true)
        let webhookURL = try webhookURL(in: body, service.webhookURLs)
        let userID = request.taikiUserID
        let wantsNewUser = userID.count == 0 || userID.count == 1 && userID.value.isEmpty
        let issued: InitializedToken
        do throws(Refusal) {
            issued = try service.initializeToken(InitializeRequest(
                mode: context.mode,
                secret: request.taikiSecret.onlyText,
                userID: wantsNewUser ? nil : userID.onlyText,
                webhookURL: webhookURL,
                requestID: context.id,
                waited: context.waited))
        } catch {
            throw APIError(error)
        }
        let token = String(decoding: issued.token, as: UTF8.self)
        var json = JSONWriter(capacity: 1280)
        json.beginObject()
        json.member("id", issued.number)
        json.member("temporaryToken", token)
        json.member("userId", issued.user.uuid)
        json.member("TEMPORARY_TOKEN", token)
        // Its reference answers an id only to who has none yet.
        json.member("TAIKI_USER_ID", wantsNewUser ? "\(issued.user.uuid)" : "")
        json.endObject()
        return Response(.ok, body: json.bytes, clientApp: issued.clientApp)
    }

    private static func webhookURL(
        in body: [UInt8], _ rules: WebhookURLRules
    ) throws(APIError) -> WebhookURL? {
        guard !body.isEmpty, let value = try JSONObject(body: body)["webhookURL"], !value.isNull else { return nil }
        guard let text = value.string else {
            throw APIError(.invalidWebhookURL("webhookURL must be a string"), reason: "wrong_member_type")
        }
        guard !text.isEmpty else { return nil }
        do throws(WebhookURLRules.Fault) {
            return try rules.check(text)
        } catch {
            let sentence = switch error {
            case .malformed:
                "webhookURL must be a URL of at most \(WebhookURL.maximumBytes) bytes of ASCII, "
                    + "without a user name or a fragment"
            case .notEncrypted: "webhookURL must be an https URL"
            case .notPublic: "webhookURL must be an https URL of a public host"
            }
            throw APIError(.invalidWebhookURL(sentence), reason: "invalid_webhook_url")
        }
    }
}

extension Request.Field {
    /// The value of a header that must be there once; else a text that is neither a secret nor an id, so that the
    /// answer, and the work before it, is that for a wrong one.
    fileprivate var onlyText: String { count == 1 ? String(decoding: value, as: UTF8.self) : "" }
}
