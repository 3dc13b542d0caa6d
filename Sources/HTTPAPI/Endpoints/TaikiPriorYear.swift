internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `GET /api/prior-year`: the platforms that the token's user used, and the documents retrieved for him.
///
/// Request: a bearer token, as verify takes it; optional `tax_year` and `after` in the query.
/// Answer: `taiki_user_id`, `mode`, `platforms`, `documents`, `next`.
enum TaikiPriorYear {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        _ = try request.jsonBody()
        let token = try request.bearerToken()
        let access: AccessToken
        do throws(Refusal) {
            access = try service.verifyToken(token, context.mode)
        } catch {
            throw APIError(error)
        }
        let query = Query(request.query.value)
        let taxYear = try taxYear(in: query)
        let after = try cursor(in: query)
        let page: PriorYearPage
        do throws(Refusal) {
            page = try service.priorYear(PriorYearRequest(
                clientApp: access.clientApp, user: access.user, mode: context.mode, taxYear: taxYear, after: after,
                waited: context.waited))
        } catch {
            throw APIError(error)
        }
        return Response(
            .ok, body: json(page, of: access, taxYear: taxYear, base: service.baseURLs[context.mode]),
            clientApp: access.clientApp)
    }

    private static func taxYear(in query: Query) throws(APIError) -> Int? {
        guard let text = try query.onlyValue(of: "tax_year") else { return nil }
        guard text.count == 4, text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw APIError(.invalidRequest("tax_year must be a year of four digits"), reason: "invalid_tax_year")
        }
        return text.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func cursor(in query: Query) throws(APIError) -> PriorYearCursor? {
        guard let text = try query.onlyValue(of: "after") else { return nil }
        guard let cursor = PriorYearCursor(text) else { throw .noCursor }
        return cursor
    }

    private static func json(
        _ page: PriorYearPage, of access: AccessToken, taxYear: Int?, base: String
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + 256 * page.platforms.count + 640 * page.documents.count)
        json.beginObject()
        json.member("taiki_user_id", access.user.uuid)
        json.member("mode", access.mode.rawValue)
        json.beginArray("platforms")
        for platform in page.platforms {
            json.beginObject()
            json.member("platform", platform.id)
            json.member("name", platform.name)
            json.member("tax_year", platform.taxYear)
            json.member("last_used_at", platform.lastUsedAt.rfc3339)
            json.member("document_count", platform.documentCount)
            json.endObject()
        }
        json.endArray()
        let expires = page.linksExpire.rfc3339
        json.beginArray("documents")
        for document in page.documents {
            json.beginObject()
            json.member("id", document.id.uuid)
            json.member("platform", document.platform)
            json.member("tax_year", document.taxYear)
            json.member("file_name", document.fileName)
            json.member("content_type", document.contentType)
            json.member("total_size_bytes", document.size)
            json.member("download_url", document.downloadURL)
            json.member("expires_at", expires)
            json.endObject()
        }
        json.endArray()
        json.member("next", page.next.map { next in
            let year = taxYear.map { "tax_year=\(fourDigits($0))&" } ?? ""
            return "\(base)\(Route.taikiPriorYear.path)?\(year)after=\(next.text)"
        })
        json.endObject()
        return json.bytes
    }

    private static func fourDigits(_ year: Int) -> String {
        let digits = String(year)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
