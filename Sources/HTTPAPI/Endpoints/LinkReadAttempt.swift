internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `GET /api/link/attempts/{id}`: how far an attempt is, and what it brought. Who says how he has seen it last is
/// answered when that has changed, or after some time.
///
/// Request: a session's key; optional `seen` in the query.
/// Answer: `id`, `platform`, `name`, `tax_year`, `status`, `finished_at`, `files`.
enum LinkReadAttempt {
    static func respond(
        to request: Request, context: RequestContext, service: Service, mayWait: Bool
    ) throws(APIError) -> Reply {
        _ = try request.jsonBody()
        let key = try request.sessionKey()
        guard let id = UUID(context.captured[0]).map({ LinkAttempt.ID($0) }) else {
            throw APIError(.unknownAttempt, reason: "malformed_id")
        }
        let seen = try seen(in: Query(request.query.value))
        let (report, clientApp): (LinkAttemptReport, ClientApp.ID?)
        do throws(Refusal) {
            (report, clientApp) = try service.linkAttempt(LinkAttemptQuestion(
                mode: context.mode, sessionKey: key, attempt: id, waited: context.waited))
        } catch {
            throw APIError(error)
        }
        if mayWait, report.status == seen { return .wait(LinkWait(attempt: id, seen: report.status)) }
        return .response(Response(.ok, body: json(report, of: id), clientApp: clientApp))
    }

    private static func seen(in query: Query) throws(APIError) -> LinkAttempt.Status? {
        guard let bytes = try query.onlyValue(of: "seen") else { return nil }
        guard let status = [.waiting, .working].first(where: { (status: LinkAttempt.Status) in
            Array(status.rawValue.utf8) == bytes
        }) else {
            throw APIError(.invalidRequest("seen must be waiting or working"), reason: "invalid_seen")
        }
        return status
    }

    private static func json(_ report: LinkAttemptReport, of id: LinkAttempt.ID) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + 320 * report.files.count)
        json.beginObject()
        json.member("id", id.uuid)
        json.member("platform", report.platform)
        json.member("name", report.platformName)
        json.member("tax_year", report.taxYear)
        json.member("status", report.status.rawValue)
        json.member("finished_at", report.finishedAt?.rfc3339)
        json.beginArray("files")
        for file in report.files {
            json.beginObject()
            json.member("file_name", file.name)
            json.member("content_type", file.contentType)
            json.member("total_size_bytes", file.size)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
