internal import HTTPTypes
internal import LatchkeyCore
internal import WireFormats

/// `GET /link/`: the page in the iframe. nginx has it; here is decided who may embed it.
///
/// Request: `client_app` in the query. Answer: X-Accel-Redirect, and the Content-Security-Policy.
enum LinkPage {
    /// The location of nginx that is the page.
    private static let location = "/latchkey-link-page"

    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
        base-uri 'none'; form-action 'none'
        """

    static func respond(
        to request: Request, context: RequestContext, service: Service
    ) throws(APIError) -> Response {
        _ = try request.jsonBody()
        var origins: [String] = []
        let clientApp = ((try? Query(request.query.value).value(of: "client_app")) ?? nil).flatMap { UUID($0[...]) }
            .map { ClientApp.ID($0) }
        if let clientApp {
            do throws(Refusal) {
                origins = try service.linkOrigins(clientApp, context.waited)
            } catch {
                throw APIError(error)
            }
        }
        let ancestors = origins.filter(isOrigin)
        let embedding = ancestors.isEmpty ? "'none'" : ancestors.joined(separator: " ")
        let headers = [
            HTTPField(name: .contentSecurityPolicy, value: "\(policy); frame-ancestors \(embedding)"),
        ] + [HTTPField.Name("X-Accel-Redirect").map { HTTPField(name: $0, value: location) }].compactMap { $0 }
        // What was asked for, not what there is: the log shows an id that a client sent only where an app has it.
        return Response(
            .ok, headers: headers, contentType: "text/html; charset=utf-8", body: [],
            clientApp: origins.isEmpty ? nil : clientApp)
    }

    /// Whether a text is a scheme, a host and perhaps a port, so that nothing else gets into the header, whatever the
    /// database holds.
    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let authority = text.utf8.dropFirst(scheme.utf8.count)
        return !authority.isEmpty && authority.allSatisfy { byte in
            ASCII.isAlphanumeric(byte) || ".-:[]".utf8.contains(byte)
        }
    }
}
