import Testing

@testable import FastCGI

@Suite("A look at a request before libfcgi reads it")
struct RequestPreviewTests {
    private let pairs = [("REQUEST_METHOD", "POST"), ("HTTP_AUTHORIZATION", String(repeating: "x", count: 300))]

    private func preview(_ bytes: [UInt8]) -> RequestPreview { RequestPreview(bytes.span) }

    @Test("A whole request is handed over, with a body and without")
    func whole() {
        #expect(preview(Records.request(pairs)) == .complete)
        #expect(preview(Records.request(pairs, body: Array("{}".utf8))) == .complete)
        #expect(preview(Records.request([])) == .complete)
    }

    @Test("Every shorter beginning of a request waits for the rest, and has begun once the parameters are there")
    func everyPrefix() {
        let request = Records.request(pairs, body: [UInt8](repeating: 7, count: 1000))
        let head = Records.head(pairs).count
        for length in 0..<head { #expect(preview(Array(request.prefix(length))) == .incomplete) }
        for length in head..<request.count { #expect(preview(Array(request.prefix(length))) == .begun) }
    }

    @Test("The input begins behind the parameters, however they are cut and padded")
    func inputOffset() {
        let bytes = pairs.flatMap { Records.pair($0.0, $0.1) }
        let head = Records.beginRequest() + Records.record(4, Array(bytes[..<9]), padding: 255)
            + Records.record(4, Array(bytes[9...])) + Records.record(4, padding: 3)
        for input in [[], Records.record(5), Records.record(5, [1, 2], padding: 7) + Records.record(5)] {
            #expect(RequestPreview.inputOffset(in: (head + input).span) == head.count)
        }
    }

    @Test("What comes instead of input is refused as soon as its header is there", arguments: [
        (Records.record(9, id: 0, [4, 0, 65, 66, 67, 68]), RequestPreview.Fault.recordType),
        (Records.record(2), .recordType), (Records.record(5, id: 2), .requestID), (Records.record(4), .order),
        (Records.record(5, version: 2), .version),
    ])
    func noInput(_ record: [UInt8], _ fault: RequestPreview.Fault) {
        let head = Records.head(pairs)
        #expect(preview(head + record.prefix(7)) == .begun)
        #expect(preview(head + record.prefix(8)) == .refused(fault))
    }

    @Test("Parameters may be cut into records anywhere")
    func cutParameters() {
        let bytes = pairs.flatMap { Records.pair($0.0, $0.1) }
        for cut in 1..<bytes.count {
            let request = Records.beginRequest() + Records.record(4, Array(bytes[..<cut]))
                + Records.record(4, Array(bytes[cut...]), padding: 5) + Records.record(4) + Records.record(5)
            #expect(preview(request) == .complete)
        }
    }

    @Test("Streams that are no request of a web server are refused", arguments: [
        ("another version", Records.record(1, [0, 1, 1, 0, 0, 0, 0, 0], version: 2), RequestPreview.Fault.version),
        ("a management record, which can abort libfcgi", Records.record(9, id: 0, [4, 0, 65, 66, 67, 68]), .recordType),
        ("an unknown record", Records.record(77), .recordType),
        ("parameters before the beginning", Records.record(4, [1, 1, 65, 66]), .order),
        ("input before the beginning", Records.record(5), .order),
        ("another role", Records.beginRequest(role: 2), .role),
        ("a role above 255", Records.record(1, [1, 1, 1, 0, 0, 0, 0, 0]), .role),
        ("request id 0", Records.record(1, id: 0, [0, 1, 1, 0, 0, 0, 0, 0]), .requestID),
        ("a short beginning", Records.record(1, [0, 1, 1]), .beginLength),
        ("a second beginning", Records.beginRequest() + Records.beginRequest(), .order),
        ("a second request between", Records.beginRequest() + Records.record(4, id: 2), .requestID),
        ("an abort", Records.beginRequest() + Records.record(2), .recordType),
        ("a filter's data", Records.beginRequest() + Records.record(4) + Records.record(8), .recordType),
        ("input without the end of the parameters", Records.beginRequest() + Records.record(5), .order),
        ("a length past 2^31 in all",
         Records.beginRequest() + Records.record(4, [UInt8](repeating: 255, count: 8)), .parameterLength),
        ("a pair that ends in the middle", Records.beginRequest() + Records.record(4, [9, 9, 65]) + Records.record(4),
         .parameterLength),
        ("a length that ends in the middle", Records.beginRequest() + Records.record(4, [128, 0]) + Records.record(4),
         .parameterLength),
        ("more parameters than any web server sends",
         Records.beginRequest() + Records.record(4, [UInt8](repeating: 0, count: 2 * 1101)), .tooManyParameters),
        ("a second request behind the first", Records.request([]) + Records.request([]), .trailingBytes),
    ])
    func refused(_ what: String, _ bytes: [UInt8], _ fault: RequestPreview.Fault) {
        #expect(preview(bytes) == .refused(fault), "\(what)")
    }

    @Test("As many parameters as are allowed are allowed")
    func mostParameters() {
        let bytes = Records.beginRequest() + Records.record(4, [UInt8](repeating: 0, count: 2 * 1100))
            + Records.record(4) + Records.record(5)
        #expect(preview(bytes) == .complete)
    }

    @Test("No bytes make it trap")
    func random() {
        var generator = SeededGenerator(state: 2024)
        for _ in 0..<20_000 {
            var bytes = Records.request(pairs, body: [1, 2, 3])
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = preview(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
        }
    }
}

/// splitmix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
