internal import HTTPTypes
internal import JOSE
@testable internal import HTTPAPI
internal import LatchkeyCore
internal import WireFormats

/// Lines: method, path, query, authorization, content type; and all behind them is the body.
enum RequestTarget {
    static func check(_ input: [UInt8]) {
        let lines = input.split(separator: UInt8(ascii: "\n"), maxSplits: 5, omittingEmptySubsequences: false)
        // A parameter of FastCGI is a C string by the time it gets here: none holds NUL.
        guard lines.count == 6, !lines.prefix(5).joined().contains(0) else { return }
        var request = Request()
        for (field, line) in zip(
            [\Request.method, \.path, \.query, \.authorization, \.contentType], lines) where !line.isEmpty {
            request[keyPath: field].count = 1
            request[keyPath: field].value = Array(line)
        }
        request.mode = .sandbox
        let isUpload = request.path.value.starts(with: "/api/retrievals/".utf8) && request.method.text == "PUT"
        request.body = isUpload ? .stream(Bytes(Array(lines[5]))) : .bytes(Array(lines[5]))
        let answer = Responder(service: service(Array(lines[5]))).respond(to: request)
        check(answer, isUpload: isUpload)
    }

    private static func check(_ answer: Responder.Answer, isUpload: Bool) {
        let response = answer.response
        // A path of another endpoint in the wrong lane is the operator's mistake, and no client's.
        let isWrongLane = ["body_is_no_stream", "body_is_a_stream"].contains(response.reason)
        expect(response.status.code < 500 || isWrongLane, "a client brings about \(response.status.code)")
        if answer.route == .taikiDownload, response.status == .ok {
            expect(response.body.isEmpty, "a download has a body of ours")
        } else {
            let json = try? JSONObject(parsing: response.body, limits: .init(maximumBytes: 1 << 20))
            expect(json != nil, "the answer is no JSON")
        }
        for field in response.headers {
            expect(field.value.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "a header is not visible ASCII")
        }
    }

    /// Says yes, and holds the endpoints to what they may hand on.
    private static func service(_ body: [UInt8]) -> Service {
        let (app, user) = (World.app, World.erasedUser)
        return Service(
            environment: Environment(
                milliseconds: { World.now.secondsSinceEpoch * 1000 }, random: { () throws(JOSEError) in (1, 2) }),
            baseURLs: BaseURLs(production: "https://p", sandbox: "https://s"),
            issueToken: { _ throws(Refusal) in IssuedToken(token: [0x61], user: user, clientApp: app) },
            verifyToken: { _, mode throws(Refusal) in
                AccessToken(id: World.revokedToken, clientApp: app, user: user, mode: mode, issuedAt: World.now)
            },
            priorYear: { request throws(Refusal) in
                expect(request.taxYear.map { (0...9999).contains($0) } ?? true, "a year has not four digits")
                return PriorYearPage(platforms: [], documents: [], linksExpire: World.now, next: request.after)
            },
            beginRetrieval: { request throws(Refusal) in
                expect((1900...2025).contains(request.taxYear), "a year that there cannot be")
                expect(!request.platform.isEmpty && !request.accessToken.isEmpty, "a member is missing")
                return BegunRetrieval(id: .init(app.uuid), clientApp: app, createdAt: World.now)
            },
            recordFile: { upload, read throws(Refusal) in
                check(upload)
                var bytes: [UInt8] = []
                _ = try read { piece in for index in piece.indices { bytes.append(piece[index]) } }
                expect(bytes == body && upload.size == body.count, "another file was read")
                return StoredFile(sha256: "", clientApp: app)
            },
            finishRetrieval: { request throws(Refusal) in
                let metadata = Array(request.metadata.utf8)
                expect((try? JSONObject(parsing: metadata)) != nil, "metadata are no object")
                let isSame = metadata == Array("{}".utf8) || contains(body, metadata)
                expect(isSame, "metadata are not as they were written")
                return FinishedRetrieval(id: request.retrieval, clientApp: app, result: RetrievalResult(
                    status: request.status, platform: "p", taxYear: 2024, documentCount: 0, finishedAt: World.now))
            },
            openDocument: { request throws(Refusal) in
                // Any text at all, since collectors name files.
                OpenedDocument(
                    path: "ab/ab", fileName: String(decoding: body, as: UTF8.self), contentType: "a/b", clientApp: app)
            })
    }

    private static func check(_ upload: UploadRequest) {
        let name = upload.fileName
        expect((1...255).contains(name.utf8.count) && name != "." && name != "..", "a name of no file")
        let hasOthers = name.unicodeScalars.contains { $0 == "/" || $0.properties.generalCategory == .control }
        expect(!hasOthers, "no plain name")
        let parts = upload.contentType.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        expect(parts.count == 2 && parts.allSatisfy { !$0.isEmpty }, "no media type")
        expect(upload.contentType.utf8.count <= 127, "a media type is too long")
        expect(upload.contentType.utf8.allSatisfy { (0x21...0x7e).contains($0) && !(0x41...0x5a).contains($0) },
               "a media type has other characters")
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        text.count >= part.count && (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
    }

    private final class Bytes: BodyStream {
        let announced: Int
        private let bytes: [UInt8]

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            announced = bytes.count
        }

        func read<E: Error>(_ take: (Span<UInt8>) throws(E) -> Void) throws(E) -> Bool {
            let bytes = bytes
            try take(bytes.span)
            return true
        }
    }
}
