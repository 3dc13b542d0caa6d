internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/link/attempts`: the user has chosen a platform and a tax year.
///
/// Request: a session's key; `platform`, `tax_year`.
/// Answer: `id`, `platform`, `name`, `tax_year`, `status`, `state`, `connector_url`, `expires_at`.
enum LinkBeginAttempt {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let key = try request.sessionKey()
        let (platform, taxYear) = try decode(try request.jsonBody())
        try Retrieval.check(taxYear: taxYear, now: service.environment.now)
        let begun: BegunLinkAttempt
        do throws(Refusal) {
            begun = try service.beginLinkAttempt(LinkAttemptRequest(
                mode: context.mode, sessionKey: key, platform: platform, taxYear: taxYear, waited: context.waited))
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.member("id", begun.id.uuid)
        json.member("platform", platform)
        json.member("name", begun.platformName)
        json.member("tax_year", taxYear)
        json.member("status", LinkAttempt.Status.waiting.rawValue)
        json.member("state", begun.state)
        json.member("connector_url", begun.connectorURL)
        json.member("expires_at", begun.expiresAt.rfc3339)
        json.endObject()
        return Response(.created, body: json.bytes, clientApp: begun.clientApp)
    }

    private static func decode(_ body: [UInt8]) throws(APIError) -> (platform: String, taxYear: Int) {
        guard !body.isEmpty else { throw missingMember }
        let members = try JSONObject(body: body)
        // Types first: a member of the wrong type is not an absent one.
        let platform = try members.text("platform")
        let taxYear = try members.integer("tax_year")
        guard let platform, let taxYear else { throw missingMember }
        return (platform, taxYear)
    }

    private static var missingMember: APIError {
        APIError(.invalidRequest("No platform or tax year provided"), reason: "missing_member")
    }
}
