internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `GET /api/link/platforms`: the catalogue, by name.
///
/// Request: a session's key; optional `search` and `after` in the query.
/// Answer: `platforms`, `next`.
enum LinkPlatforms {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        _ = try request.jsonBody()
        let key = try request.sessionKey()
        let query = Query(request.query.value)
        let search = try search(in: query)
        let after = try query.onlyValue(of: "after").map { text throws(APIError) in
            guard let cursor = LinkPlatformCursor(text) else { throw .noCursor }
            return cursor
        }
        let page: LinkPlatformsPage
        do throws(Refusal) {
            page = try service.linkPlatforms(LinkPlatformsRequest(
                mode: context.mode, sessionKey: key, search: search, after: after, waited: context.waited))
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter(capacity: 256 + 128 * page.platforms.count)
        json.beginObject()
        json.beginArray("platforms")
        for platform in page.platforms {
            json.beginObject()
            json.member("platform", platform.id)
            json.member("name", platform.name)
            json.member("sign_in", platform.hasConnector ? "page" : "form")
            json.endObject()
        }
        json.endArray()
        json.member("next", page.next.map { next in
            "\(service.baseURLs[context.mode])\(Route.linkPlatforms.path)?\(encoded(search))after=\(next.text)"
        })
        json.endObject()
        return Response(.ok, body: json.bytes, clientApp: page.clientApp)
    }

    private static func search(in query: Query) throws(APIError) -> String? {
        guard let bytes = try query.onlyValue(of: "search"), !bytes.isEmpty else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw APIError(.invalidRequest("search must be text in UTF-8"), reason: "invalid_search")
        }
        return text
    }

    private static func encoded(_ search: String?) -> String {
        guard let search else { return "" }
        var value = Array("search=".utf8)
        PercentEncoding.append(search.utf8, to: &value) { ASCII.isAlphanumeric($0) || "-._~".utf8.contains($0) }
        return String(decoding: value, as: UTF8.self) + "&"
    }
}
