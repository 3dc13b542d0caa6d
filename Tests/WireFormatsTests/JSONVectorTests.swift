import Testing
import WireFormats

/// JSONTestSuite by Nicolas Seriot: y_ must be accepted, n_ refused, i_ either. Skipped where the files are not at
/// hand.
@Suite(.enabled(if: !TestData.isMissing, "the test data are not part of this repository: set LATCHKEY_TESTDATA"))
struct JSONVectorTests {
    private static let folder = "JSONTestSuite/test_parsing"

    /// Larger than any file of the suite, so that the parser itself is put to the test; depth stays limited.
    private static let limits = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 512, maximumMembers: 1 << 20)

    /// What RFC 8259 allows and this parser refuses on purpose: a member given twice, and U+0000.
    private static let refusedOnPurpose = [
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json", "y_object_escaped_null_in_key.json",
        "y_string_null_escape.json",
    ]

    private static func names(_ prefix: String) throws -> [String] {
        try TestData.names(in: folder).filter { $0.hasPrefix(prefix) }
    }

    private func refusal(_ text: [UInt8]) -> JSONError.Kind? {
        do throws(JSONError) {
            let value = try JSONValue(parsing: text, limits: Self.limits)
            readEverything(value)
            return nil
        } catch {
            return error.kind
        }
    }

    /// Decodes every value, which must not trap whatever the text is.
    private func readEverything(_ value: JSONValue) {
        _ = (value.isNull, value.bool, value.integer, value.number, value.string, value.unescapedBytes)
        for element in value.array ?? [] { readEverything(element) }
        for member in value.object?.members ?? [] { readEverything(member.value) }
    }

    @Test func `accepts every y_ text but those refused on purpose`() throws {
        let names = try Self.names("y_")
        #expect(names.count == 95)
        for name in names {
            let kind = refusal(try TestData.bytes("\(Self.folder)/\(name)"))
            switch kind {
            case nil: #expect(!Self.refusedOnPurpose.contains(name), "\(name) should be refused")
            case .duplicateMember, .nulInString: #expect(Self.refusedOnPurpose.contains(name), "\(name)")
            case let kind?: Issue.record("\(name) is refused: \(kind)")
            }
        }
    }

    @Test func `refuses every n_ text`() throws {
        let names = try Self.names("n_")
        #expect(names.count == 188)
        for name in names {
            #expect(refusal(try TestData.bytes("\(Self.folder)/\(name)")) != nil, "\(name)")
        }
    }

    @Test func `survives every i_ text and refuses all that is not UTF-8 or half a surrogate pair`() throws {
        let names = try Self.names("i_")
        #expect(names.count == 35)
        for name in names {
            let kind = refusal(try TestData.bytes("\(Self.folder)/\(name)"))
            if name.hasPrefix("i_string") || name.hasPrefix("i_object") { #expect(kind != nil, "\(name)") }
            // Numbers beyond all bounds are JSON; who asks for their value gets none.
            if name.hasPrefix("i_number") { #expect(kind == nil, "\(name)") }
        }
    }

    @Test func `changed and cut texts never trap`() throws {
        var generator = SeededGenerator(seed: 7)
        let texts = try (Self.names("y_") + Self.names("n_") + Self.names("i_"))
            .map { try TestData.bytes("\(Self.folder)/\($0)") }.filter { $0.count < 1000 }
        let interesting = Array("\"\\{}[]:,0e.-u\u{0}\u{1f} ".utf8) + [0x80, 0xc2, 0xed, 0xf4, 0xff]
        for _ in 0..<30_000 {
            var text = texts.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !text.isEmpty {
                let place = Int.random(in: text.indices, using: &generator)
                let byte = interesting.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: text[place] = byte
                case 1: text.insert(byte, at: place)
                case 2: text.remove(at: place)
                default: text.removeSubrange(place...)
                }
            }
            _ = refusal(text)
        }
    }
}
