internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `POST /api/retrievals/{id}/finish`: a collector says how a retrieval ended, and what it brought is published.
///
/// Request: a collector's key; `status`, optional `metadata`.
/// Answer: `id`, `status`, `platform`, `tax_year`, `document_count`, `finished_at`.
enum TaikiFinishRetrieval {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let collectorKey = try request.collectorKey()
        let retrieval = try context.retrieval()
        let (status, metadata) = try decode(try request.jsonBody())
        let finished: FinishedRetrieval
        do throws(Refusal) {
            finished = try service.finishRetrieval(FinishRequest(
                mode: context.mode, collectorKey: collectorKey, retrieval: retrieval, status: status,
                metadata: metadata, waited: context.waited))
        } catch {
            throw APIError(error)
        }
        let result = finished.result
        var json = JSONWriter()
        json.beginObject()
        json.member("id", finished.id.uuid)
        json.member("status", result.status.rawValue)
        json.member("platform", result.platform)
        json.member("tax_year", result.taxYear)
        json.member("document_count", result.documentCount)
        json.member("finished_at", result.finishedAt.rfc3339)
        json.endObject()
        return Response(.ok, body: json.bytes, clientApp: finished.clientApp)
    }

    private static func decode(
        _ body: [UInt8]
    ) throws(APIError) -> (status: Retrieval.Status, metadata: String) {
        guard !body.isEmpty else { throw missingStatus }
        let members = try JSONObject(body: body)
        let name = try members.text("status")
        let metadata = try members.objectText("metadata")
        guard let name else { throw missingStatus }
        guard let status = Retrieval.Status(rawValue: name) else {
            throw APIError(.invalidRequest("status must be success or failure"), reason: "invalid_status")
        }
        return (status, metadata)
    }

    private static var missingStatus: APIError {
        APIError(.invalidRequest("No status provided"), reason: "missing_member")
    }
}
