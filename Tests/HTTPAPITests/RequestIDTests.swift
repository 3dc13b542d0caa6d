import HTTPAPI
import JOSE
import LatchkeyCore
import Testing

@Suite("A request id")
struct RequestIDTests {
    private func id(_ nginx: String?, _ caller: String?, _ correlation: String?) -> String {
        var request = Desk.issue()
        if let nginx { request.requestID = .init(nginx) }
        if let caller { request.callerRequestID = .init(caller) }
        if let correlation { request.callerCorrelationID = .init(correlation) }
        let desk = Desk()
        let answer = desk.respond(to: request)
        #expect(desk.tokenRequests.map(\.requestID) == [answer.requestID], "what is stored is what is answered")
        return answer.requestID
    }

    @Test("is nginx's, else the caller's, else a new one", arguments: [
        ("n", "r", "c", "n"), (nil, "r", "c", "r"), (nil, nil, "c", "c"), (nil, nil, nil, Desk.requestID),
        ("", "r", nil, "r"), ("n n", "r r", "c", "c"), ("n n", nil, "c\n", Desk.requestID),
    ] as [(String?, String?, String?, String)])
    func choice(nginx: String?, caller: String?, correlation: String?, expected: String) {
        #expect(id(nginx, caller, correlation) == expected)
    }

    @Test("is 1 to 64 of [A-Za-z0-9._-]", arguments: [
        "a", "0", ".", "_", "-", "azAZ09._-", String(repeating: "x", count: 64), "-rf", "..",
    ])
    func accepted(text: String) {
        #expect(id(nil, text, nil) == text)
        #expect(id(text, nil, nil) == text)
    }

    @Test("is nothing else", arguments: [
        "", " ", "a b", "a: b", String(repeating: "x", count: 65), "\u{ff21}", "e\u{301}", "<script>",
    ])
    func refused(text: String) {
        #expect(id(nil, text, nil) == Desk.requestID)
        #expect(id(text, nil, nil) == Desk.requestID)
    }

    @Test("holds these bytes and no others")
    func everyByte() {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8)
        for byte in UInt8.min...UInt8.max {
            var request = Desk.issue()
            request.callerRequestID.count = 1
            request.callerRequestID.value = [UInt8(ascii: "a"), byte]
            let id = Desk().respond(to: request).requestID
            #expect((id != Desk.requestID) == allowed.contains(byte), "byte \(byte)")
        }
    }

    @Test("is there for every answer, of an unknown path, too")
    func notFound() {
        var request = Desk.post("/nowhere", [])
        #expect(Desk().respond(to: request).requestID == Desk.requestID)
        request.callerRequestID = .init("mine")
        #expect(Desk().respond(to: request).requestID == "mine")
    }

    @Test("is a word when there is no randomness left for one")
    func noRandomness() {
        let desk = Desk()
        desk.service.environment = Environment(
            milliseconds: { 0 },
            random: { () throws(JOSEError) in throw .cryptography(function: "RAND_bytes", errors: "") })
        desk.refusal = Refusal(.internalError, reason: "RAND_bytes_failed")
        let answer = desk.respond(to: Desk.issue())
        #expect(answer.requestID == "unknown" && answer.status == 500)
    }
}
