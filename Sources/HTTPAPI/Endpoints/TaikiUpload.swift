internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `PUT /api/retrievals/{id}/files/{file_name}`: a collector sends one file, which is on the disk before the answer.
///
/// Request: a collector's key; the file's bytes.
/// Answer: `file_name`, `content_type`, `total_size_bytes`, `sha256`.
enum TaikiUpload {
    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        let collectorKey = try request.collectorKey()
        let retrieval = try context.retrieval()
        guard let fileName = FileName.checked(context.captured[1]) else {
            throw APIError(
                .invalidRequest(
                    "The file name must be a plain name of at most \(FileName.maximumBytes) bytes in UTF-8"),
                reason: "invalid_file_name")
        }
        guard let contentType = request.mediaType else {
            throw APIError(
                .invalidRequest("Content-Type must be a media type of at most 127 characters"),
                reason: "invalid_content_type")
        }
        let body = try request.fileBody()
        let upload = UploadRequest(
            mode: context.mode, collectorKey: collectorKey, retrieval: retrieval, fileName: fileName,
            contentType: contentType, size: body.announced)
        let stored: StoredFile
        do throws(Refusal) {
            stored = try service.recordFile(upload) { take throws(Refusal) in try body.read(take) }
        } catch {
            throw APIError(error)
        }
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.member("file_name", fileName)
        json.member("content_type", contentType)
        json.member("total_size_bytes", upload.size)
        json.member("sha256", stored.sha256)
        json.endObject()
        return Response(.created, body: json.bytes, clientApp: stored.clientApp)
    }
}

extension RequestContext {
    /// The retrieval that the path names. An id that is no UUID is that of none.
    func retrieval() throws(APIError) -> Retrieval.ID {
        guard let id = UUID(captured[0]) else { throw APIError(.unknownRetrieval, reason: "malformed_id") }
        return Retrieval.ID(id)
    }
}
