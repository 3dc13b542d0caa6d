@testable import FastCGI

/// Any bytes that a peer may send first.
enum RequestPreviewTarget {
    static func check(_ input: [UInt8]) {
        let preview = RequestPreview(input.span)
        expect((preview == .complete) == isOneRequest(input), "a walk from record to record differs")

        // Every prefix of a short input, and some of a long one: what is refused stays refused, and what is whole was
        // only begun before.
        let step = max(1, input.count / 64)
        for length in stride(from: 0, to: input.count, by: step) {
            switch RequestPreview(input.span.extracting(first: length)) {
            case .incomplete: break
            case .begun: expect(hasParameters(input.prefix(length)), "a request without all parameters is begun")
            case .refused(let fault): expect(preview == .refused(fault), "a refused beginning has another fault now")
            case .complete: expect(preview == .refused(.trailingBytes), "a request with more behind it is taken")
            }
        }
        if preview == .complete || preview == .begun {
            let offset = RequestPreview.inputOffset(in: input.span)
            expect(offset <= input.count, "the input begins behind the request")
            let head = RequestPreview(input.span.extracting(first: offset))
            expect(head == .begun, "what stands before the input is not all the rest")
            let shorter = RequestPreview(input.span.extracting(first: offset - 1))
            expect(shorter == .incomplete, "the input begins in the middle of nothing")
        }
        if preview == .complete {
            let longer = RequestPreview((input + [1]).span)
            expect(longer == .refused(.trailingBytes), "a request with a byte behind it is taken")
        }
    }

    /// A second reading of FastCGI 1.0, sections 3.3 to 5.3, that takes the text apart and judges then.
    private static func isOneRequest(_ bytes: [UInt8]) -> Bool {
        guard let records = records(bytes), let begin = records.first, let last = records.last,
            let parametersEnd = records.firstIndex(where: { $0.type == 4 && $0.content.isEmpty }),
            begin.type == 1, begin.content.count == 8, begin.content.starts(with: [0, 1]), begin.id != 0,
            records.allSatisfy({ $0.version == 1 && $0.id == begin.id })
        else { return false }
        let parameters = records[1..<parametersEnd]
        let input = records[(parametersEnd + 1)...]
        guard parameters.allSatisfy({ $0.type == 4 }), input.allSatisfy({ $0.type == 5 }),
            !input.isEmpty, last.content.isEmpty, input.dropLast().allSatisfy({ !$0.content.isEmpty })
        else { return false }
        return arePairs(parameters.flatMap(\.content))
    }

    /// Whether the records of the parameters are all there.
    private static func hasParameters(_ bytes: ArraySlice<UInt8>) -> Bool {
        wholeRecords(Array(bytes)).contains { $0.type == 4 && $0.content.isEmpty }
    }

    private struct Record {
        let version: UInt8
        let type: UInt8
        let id: Int
        let content: ArraySlice<UInt8>
        /// With its header and padding.
        let length: Int
    }

    /// Nil unless the bytes are whole records.
    private static func records(_ bytes: [UInt8]) -> [Record]? {
        let records = wholeRecords(bytes)
        return records.map(\.length).reduce(0, +) == bytes.count ? records : nil
    }

    /// The records up to the first that is not whole.
    private static func wholeRecords(_ bytes: [UInt8]) -> [Record] {
        var records: [Record] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let header = Array(rest.prefix(8))
            let length = Int(header[4]) * 256 + Int(header[5])
            let padding = Int(header[6])
            rest = rest.dropFirst(8)
            guard rest.count >= length + padding else { break }
            records.append(Record(
                version: header[0], type: header[1], id: Int(header[2]) * 256 + Int(header[3]),
                content: rest.prefix(length), length: 8 + length + padding))
            rest = rest.dropFirst(length + padding)
        }
        return records
    }

    /// Name-value pairs (section 3.4), none left in the middle and no more or longer ones than are allowed.
    private static func arePairs(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        var pairs = 0
        while !rest.isEmpty {
            guard let name = length(&rest), let value = length(&rest), rest.count >= name + value else { return false }
            rest = rest.dropFirst(name + value)
            pairs += 1
        }
        return pairs <= RequestPreview.maximumParameters
    }

    private static func length(_ rest: inout ArraySlice<UInt8>) -> Int? {
        guard let first = rest.first else { return nil }
        guard first >= 128 else {
            rest = rest.dropFirst()
            return Int(first)
        }
        guard rest.count >= 4 else { return nil }
        let length = rest.prefix(4).reduce(0) { $0 * 256 + Int($1) } - 128 * 256 * 256 * 256
        rest = rest.dropFirst(4)
        return length <= RequestPreview.maximumBytes ? length : nil
    }
}
