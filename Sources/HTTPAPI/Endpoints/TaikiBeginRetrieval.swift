internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/retrievals`: a collector begins to retrieve a user's documents of one tax year from one platform.
///
/// Request: a collector's key; `access_token` of the user, `platform`, `tax_year`; or `state`, which stands for them.
/// Answer: `id`, `platform`, `tax_year`, `status`, `created_at`, `expires_at`.
enum TaikiBeginRetrieval {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let collectorKey = try request.collectorKey()
        let body = try request.jsonBody()
        let retrieval = RetrievalRequest(
            mode: context.mode, collectorKey: collectorKey,
            subject: try subject(in: body, now: service.environment.now), requestID: context.id,
            waited: context.waited)
        let begun: BegunRetrieval
        do throws(Refusal) {
            begun = try service.beginRetrieval(retrieval)
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter()
        json.beginObject()
        json.member("id", begun.id.uuid)
        json.member("platform", begun.platform)
        json.member("tax_year", begun.taxYear)
        json.member("status", "open")
        json.member("created_at", begun.createdAt.rfc3339)
        json.member("expires_at", (begun.createdAt + Retrieval.lifetime).rfc3339)
        json.endObject()
        return Response(.created, body: json.bytes, clientApp: begun.clientApp)
    }

    private static func subject(
        in body: [UInt8], now: UnixTime
    ) throws(APIError) -> RetrievalRequest.Subject {
        guard !body.isEmpty else { throw missingMember }
        let members = try JSONObject(body: body)
        if let state = try members.text("state") { return .attempt(state: state) }
        // Types first: a member of the wrong type is not an absent one.
        let accessToken = try members.text("access_token")
        let platform = try members.text("platform")
        let taxYear = try members.integer("tax_year")
        guard let accessToken, let platform, let taxYear else { throw missingMember }
        try Retrieval.check(taxYear: taxYear, now: now)
        return .user(accessToken: accessToken, platform: platform, taxYear: taxYear)
    }

    private static var missingMember: APIError {
        APIError(.invalidRequest("No access token, platform or tax year provided"), reason: "missing_member")
    }
}

extension Retrieval {
    /// Insists that documents of a tax year can be there.
    static func check(taxYear: Int, now: UnixTime) throws(APIError) {
        guard taxYear >= firstTaxYear, taxYear <= now.year else {
            throw APIError(
                .invalidRequest("tax_year must be between \(firstTaxYear) and \(now.year)"), reason: "invalid_tax_year")
        }
    }
}
