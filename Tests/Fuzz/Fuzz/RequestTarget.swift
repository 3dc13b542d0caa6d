internal import HTTPTypes
internal import JOSE
@testable internal import HTTPAPI
internal import LatchkeyCore
internal import WireFormats

/// Lines: method, path, query, authorization, which is the secret, too, and content type; and all behind them is the
/// body.
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
        request.taikiSecret = request.authorization
        request.mode = .sandbox
        let isUpload = request.path.value.starts(with: "/api/retrievals/".utf8) && request.method.text == "PUT"
        request.body = isUpload ? .stream(Bytes(Array(lines[5]))) : .bytes(Array(lines[5]))
        let responder = Responder(service: service(Array(lines[5])))
        switch responder.respond(to: request, mayWait: true) {
        case .answer(let answer):
            check(answer)
        case .wait(let wait):
            expect(wait.seen == .waiting || wait.seen == .working, "nothing more happens to it")
            guard case .answer(let answer) = responder.respond(to: request, isResumed: true) else {
                return expect(false, "it waits again, and may not")
            }
            check(answer)
        }
    }

    private static func check(_ answer: Responder.Answer) {
        let response = answer.response
        // A path of another endpoint in the wrong lane is the operator's mistake, and no client's.
        let isWrongLane = ["body_is_no_stream", "body_is_a_stream"].contains(response.reason)
        expect(response.status.code < 500 || isWrongLane, "a client brings about \(response.status.code)")
        if answer.route == .taikiDownload || answer.route == .linkPage, response.status == .ok {
            expect(response.body.isEmpty, "what nginx sends has a body of ours")
        } else {
            let json = try? JSONObject(parsing: response.body, limits: .init(maximumBytes: 1 << 20))
            expect(json != nil, "the answer is no JSON")
        }
        for field in response.headers {
            expect(field.value.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "a header is not visible ASCII")
            guard field.name == .contentSecurityPolicy else { continue }
            let directives = field.value.split(separator: "; ")
            expect(directives.count == 8 && !field.value.contains(","), "a policy has another directive")
            expect(directives.last?.hasPrefix("frame-ancestors ") == true, "a policy ends with another directive")
        }
    }

    /// Says yes, and holds the endpoints to what they may hand on.
    private static func service(_ body: [UInt8]) -> Service {
        let (app, user) = (World.app, World.erasedUser)
        return Service(
            environment: Environment(
                milliseconds: { World.now.secondsSinceEpoch * 1000 }, random: { () throws(JOSEError) in (1, 2) }),
            baseURLs: BaseURLs(production: "https://p", sandbox: "https://s"),
            webhookURLs: WebhookURLRules(allowed: []),
            issueToken: { _ throws(Refusal) in IssuedToken(token: [0x61], user: user, clientApp: app) },
            verifyToken: { _, mode throws(Refusal) in
                AccessToken(id: World.revokedToken, clientApp: app, user: user, mode: mode, issuedAt: World.now)
            },
            priorYear: { request throws(Refusal) in
                expect(request.taxYear.map { (0...9999).contains($0) } ?? true, "a year has not four digits")
                return PriorYearPage(platforms: [], documents: [], linksExpire: World.now, next: request.after)
            },
            beginRetrieval: { request throws(Refusal) in
                switch request.subject {
                case .user(let accessToken, let platform, let taxYear):
                    expect((1900...2025).contains(taxYear), "a year that there cannot be")
                    expect(!platform.isEmpty && !accessToken.isEmpty, "a member is missing")
                case .attempt(let state):
                    expect(!state.isEmpty, "a member is missing")
                }
                return BegunRetrieval(
                    id: .init(app.uuid), clientApp: app, platform: "p", taxYear: 2024, createdAt: World.now)
            },
            recordFile: { upload, read throws(Refusal) in
                check(upload)
                var bytes: [UInt8] = []
                _ = try read { piece in for index in piece.indices { bytes.append(piece[index]) } }
                expect(bytes == body && upload.size == body.count, "another file was read")
                return StoredFile(sha256: "", clientApp: app)
            },
            finishRetrieval: { request throws(Refusal) in
                check(metadata: request.metadata, in: body)
                return FinishedRetrieval(id: request.retrieval, clientApp: app, result: RetrievalResult(
                    status: request.status, platform: "p", taxYear: 2024, documentCount: 0, finishedAt: World.now))
            },
            openDocument: { request throws(Refusal) in
                // Any text at all, since collectors name files.
                OpenedDocument(
                    path: "ab/ab", fileName: String(decoding: body, as: UTF8.self), contentType: "a/b", clientApp: app)
            },
            initializeToken: { request throws(Refusal) in
                if let url = request.webhookURL { check(url) }
                return InitializedToken(number: 1, token: [0x61], user: user, clientApp: app)
            },
            // Any text at all, were the database to hold it.
            linkOrigins: { _, _ throws(Refusal) in [String(decoding: body, as: UTF8.self), "https://a"] },
            openLink: { request throws(Refusal) in
                check(metadata: request.metadata, in: body)
                expect(!request.origin.isEmpty, "a member is missing")
                return OpenedLink(key: LinkSessionKey(random: [1]), expiresAt: World.now, clientApp: app)
            },
            linkPlatforms: { request throws(Refusal) in
                expect(request.search?.utf8.contains(0) != true, "the database takes no NUL")
                return LinkPlatformsPage(platforms: [], next: request.after, clientApp: app)
            },
            beginLinkAttempt: { request throws(Refusal) in
                expect((1900...2025).contains(request.taxYear), "a year that there cannot be")
                expect(!request.platform.isEmpty && !request.sessionKey.isEmpty, "a member is missing")
                return BegunLinkAttempt(
                    id: .init(app.uuid), platformName: "P", state: "a.b.c", connectorURL: nil, expiresAt: World.now,
                    clientApp: app)
            },
            linkAttempt: { question throws(Refusal) in
                let status: LinkAttempt.Status = question.sessionKey.utf8.count % 2 == 0 ? .waiting : .working
                return (
                    LinkAttemptReport(
                        status: status, platform: "p", platformName: "P", taxYear: 2024, finishedAt: nil, files: []),
                    app)
            })
    }

    private static func check(metadata text: String, in body: [UInt8]) {
        let metadata = Array(text.utf8)
        expect((try? JSONObject(parsing: metadata)) != nil, "metadata are no object")
        expect(metadata == Array("{}".utf8) || contains(body, metadata), "metadata are not as they were written")
    }

    /// A second look at what a webhook's URL may be where no network is allowed.
    private static func check(_ url: WebhookURL) {
        expect(url.isEncrypted && url.text.utf8.count <= WebhookURL.maximumBytes, "a URL that nothing may go to")
        expect(WebhookURL(url.text) == url, "a URL is read as another one")
        switch url.host {
        case .address(let address):
            expect(AddressRules(allowed: []).allow(address, encrypted: true), "an address that nothing may go to")
        case .name(let name):
            let last = name.split(separator: ".").last ?? ""
            expect(last != "localhost" && last.contains { !$0.isNumber }, "a name of this machine, or a number")
        }
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
