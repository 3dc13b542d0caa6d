internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `GET /download/{id}`: opens one document to whoever has its link. The bytes are nginx's to send.
///
/// Request: `link` in the query. Answer: X-Accel-Redirect, and the headers of the file.
enum TaikiDownload {
    /// The location of nginx that is the folder of the store.
    private static let location = "/latchkey-documents/"

    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        _ = try request.jsonBody()
        // A changed byte is a changed link, in the path as well as in the query.
        guard let id = UUID(context.captured[0]) else { throw APIError(.invalidLink, reason: "malformed_id") }
        guard let link = (try? Query(request.query.value).value(of: "link")) ?? nil else {
            throw APIError(.invalidLink, reason: "not_one_link")
        }
        let document: OpenedDocument
        do throws(Refusal) {
            document = try service.openDocument(DownloadRequest(
                mode: context.mode, document: Document.ID(id), link: link, waited: context.waited))
        } catch {
            throw APIError(error)
        }
        let headers = [
            HTTPField.Name("X-Accel-Redirect").map { HTTPField(name: $0, value: location + document.path) },
            HTTPField(
                name: .contentDisposition, value: ContentDisposition.attachment(fileName: document.fileName)),
        ]
        return Response(
            .ok, headers: headers.compactMap { $0 }, contentType: document.contentType, body: [],
            clientApp: document.clientApp)
    }
}
