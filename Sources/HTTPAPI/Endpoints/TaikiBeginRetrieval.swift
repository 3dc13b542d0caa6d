internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/retrievals`: a collector begins to retrieve a user's documents of one tax year from one platform.
///
/// Request: a collector's key; `access_token` of the user, `platform`, `tax_year`.
/// Answer: `id`, `platform`, `tax_year`, `status`, `created_at`, `expires_at`.
enum TaikiBeginRetrieval {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let collectorKey = try request.collectorKey()
        let body = try request.jsonBody()
        let retrieval = try decode(body, collectorKey, context, currentYear: service.environment.now.year)
        let begun: BegunRetrieval
        do throws(Refusal) {
            begun = try service.beginRetrieval(retrieval)
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter()
        json.beginObject()
        json.member("id", begun.id.uuid)
        json.member("platform", retrieval.platform)
        json.member("tax_year", retrieval.taxYear)
        json.member("status", "open")
        json.member("created_at", begun.createdAt.rfc3339)
        json.member("expires_at", (begun.createdAt + Retrieval.lifetime).rfc3339)
        json.endObject()
        return Response(.created, body: json.bytes, clientApp: begun.clientApp)
    }

    private static func decode(
        _ body: [UInt8], _ collectorKey: String, _ context: RequestContext, currentYear: Int
    ) throws(APIError) -> RetrievalRequest {
        guard !body.isEmpty else { throw missingMember }
        let members = try JSONObject(body: body)
        // Types first: a member of the wrong type is not an absent one.
        let accessToken = try members.text("access_token")
        let platform = try members.text("platform")
        let taxYear = try members.integer("tax_year")
        guard let accessToken, let platform, let taxYear else { throw missingMember }
        guard taxYear >= Retrieval.firstTaxYear, taxYear <= currentYear else {
            throw APIError(
                .invalidRequest("tax_year must be between \(Retrieval.firstTaxYear) and \(currentYear)"),
                reason: "invalid_tax_year")
        }
        return RetrievalRequest(
            mode: context.mode, collectorKey: collectorKey, accessToken: accessToken, platform: platform,
            taxYear: taxYear, requestID: context.id, waited: context.waited)
    }

    private static var missingMember: APIError {
        APIError(.invalidRequest("No access token, platform or tax year provided"), reason: "missing_member")
    }
}
