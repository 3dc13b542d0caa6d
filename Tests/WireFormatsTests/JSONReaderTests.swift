import Testing
import WireFormats

struct JSONReaderTests {
    private func object(_ text: String, _ limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONObject {
        try JSONObject(parsing: text.bytes, limits: limits)
    }

    /// Why `text` is refused; nil if it is not.
    private func refusal(_ text: [UInt8], _ limits: JSONLimits = JSONLimits()) -> JSONError.Kind? {
        do throws(JSONError) {
            _ = try JSONObject(parsing: text, limits: limits)
            return nil
        } catch {
            return error.kind
        }
    }

    private func refusal(_ text: String, _ limits: JSONLimits = JSONLimits()) -> JSONError.Kind? {
        refusal(text.bytes, limits)
    }

    // MARK: - Values

    @Test func `reads values of every kind`() throws {
        let json = try object(
            #" { "s" : "text" , "i":12,"n":1.5e1, "t":true,"f":false,"z":null,"o":{"a":{}},"l":[1,"x",[]] } "#)
        #expect(json.count == 8)
        #expect(json["s"]?.string == "text")
        #expect(json["s"]?.unescapedBytes == "text".bytes[...])
        #expect(json["i"]?.integer == 12)
        #expect(json["i"]?.number == 12)
        #expect(json["n"]?.integer == nil)
        #expect(json["n"]?.number == 15)
        #expect(json["t"]?.bool == true)
        #expect(json["f"]?.bool == false)
        #expect(json["z"]?.isNull == true)
        #expect(json["o"]?.object?["a"]?.object?.count == 0)
        #expect(json["l"]?.array?.count == 3)
        #expect(json["l"]?.array?[1].string == "x")
        #expect(json["l"]?.array?[2].array?.isEmpty == true)
        #expect(json["absent"] == nil)
        #expect(json.members.map(\.name) == ["s", "i", "n", "t", "f", "z", "o", "l"])
        #expect(json.members[0].value.string == "text")
    }

    @Test(arguments: [
        (#""access""#, true), (#""\u0061ccess""#, true), (#""Access""#, false), (#""acces""#, false),
        (#""access ""#, false),
        (#""acces\u0053""#, false), (#""""#, false), ("1", false), (#"["access"]"#, false), ("null", false),
    ])
    func `a string is compared after unescaping, and whole`(_ text: String, _ isEqual: Bool) throws {
        #expect(try JSONValue(parsing: text.bytes).equals("access") == isEqual)
    }

    @Test func `a value is of one kind only`() throws {
        let json = try object(#"{"s":"true","i":1,"t":true,"z":null,"o":{},"l":[]}"#)
        for (name, value) in json.members {
            #expect((value.string != nil) == (name == "s"))
            #expect((value.unescapedBytes != nil) == (name == "s"))
            #expect((value.integer != nil) == (name == "i"))
            #expect((value.number != nil) == (name == "i"))
            #expect((value.bool != nil) == (name == "t"))
            #expect(value.isNull == (name == "z"))
            #expect((value.object != nil) == (name == "o"))
            #expect((value.array != nil) == (name == "l"))
        }
    }

    @Test func `finds members behind nested ones`() throws {
        let json = try object(#"{"a":{"x":1,"b":[{"x":2},[3,{"x":4}]]},"x":5,"c":[[[]]],"y":6}"#)
        #expect(json["x"]?.integer == 5)
        #expect(json["y"]?.integer == 6)
        #expect(json["a"]?.object?["x"]?.integer == 1)
        #expect(json["a"]?.object?["b"]?.array?[0].object?["x"]?.integer == 2)
        #expect(json["a"]?.object?["b"]?.array?[1].array?[1].object?["x"]?.integer == 4)
        #expect(json["b"] == nil)
    }

    @Test func `names are compared after unescaping, and whole`() throws {
        let json = try object(#"{"\u0061lg":"x","":1,"ab":2,"abc":3,"é":4,"\"":5}"#)
        #expect(json["alg"]?.string == "x")
        #expect(json[""]?.integer == 1)
        #expect(json["ab"]?.integer == 2)
        #expect(json["abc"]?.integer == 3)
        #expect(json["a"] == nil)
        #expect(json["é"]?.integer == 4)
        #expect(json["e\u{301}"] == nil)
        #expect(json["\""]?.integer == 5)
        #expect(json["Alg"] == nil)
    }

    @Test func `reads an object from a text with other kinds at its top only by JSONValue`() throws {
        #expect(try JSONValue(parsing: "[1]".bytes).array?.count == 1)
        #expect(try JSONValue(parsing: " \"x\" ".bytes).string == "x")
        #expect(try JSONValue(parsing: "-7".bytes).integer == -7)
        for text in ["[1]", "\"x\"", "7", "true", "null", "[{}]"] {
            #expect(refusal(text) == .notAnObject)
        }
    }

    // MARK: - Numbers

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("9007199254740993", 9_007_199_254_740_993), ("9223372036854775807", Int64.max),
        ("-9223372036854775808", Int64.min), ("9223372036854775808", nil), ("-9223372036854775809", nil),
        ("18446744073709551616", nil), ("99999999999999999999999999", nil), ("1.0", nil), ("1e3", nil), ("1E0", nil),
        ("-1", -1), ("1741815000", 1_741_815_000),
    ] as [(String, Int64?)])
    func `an integer is exact or absent`(_ text: String, _ value: Int64?) throws {
        #expect(try object("{\"n\":\(text)}")["n"]?.integer == value)
    }

    @Test(arguments: [
        ("0", 0), ("-0", -0.0), ("1.5", 1.5), ("-1.5e-3", -0.0015), ("1E+2", 100), ("1e308", 1e308), ("1e309", nil),
        ("-1e999", nil), ("1e-999", 0), ("18446744073709551616", 18_446_744_073_709_551_616),
        ("123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890.0),
        ("0.1000000000000000055511151231257827", 0.1), ("4.9e-324", Double.leastNonzeroMagnitude),
        ("1e99999999999999999999", nil), ("0e99999999999999999999", 0),
    ] as [(String, Double?)])
    func `a number is the nearest that is finite, or absent`(_ text: String, _ value: Double?) throws {
        #expect(try object("{\"n\":\(text)}")["n"]?.number == value)
    }

    @Test func `a number of 16,000 digits is read in good time`() throws {
        let json = try object("{\"n\":\(String(repeating: "9", count: 16_000))}")
        #expect(json["n"]?.integer == nil)
        #expect(json["n"]?.number == nil)
    }

    @Test(arguments: [
        "01", "-01", "00", "1.", ".5", "-", "+1", "1e", "1e+", "1.e1", "0x10", "1_000", "NaN", "Infinity", "-Infinity",
        "1 2", "--1", "1e1.5", "１", "1,", "- 1",
    ])
    func `refuses numbers that JSON does not have`(_ text: String) {
        #expect(refusal("{\"n\":\(text)}") == .notJSON)
    }

    // MARK: - Strings

    @Test(arguments: [
        (#"a\/b"#, "a/b"), (#"\"\\\b\f\n\r\t"#, "\"\\\u{8}\u{c}\n\r\t"), (#"\u00e9"#, "é"), (#"\u20AC"#, "€"),
        (#"\ud83d\ude00"#, "😀"), (#"\uD834\uDD1E"#, "𝄞"), (#"\u0001"#, "\u{1}"), (#"\uFFFF"#, "\u{ffff}"),
        (#"\uDBFF\uDFFF"#, "\u{10ffff}"), ("é€😀", "é€😀"), ("\u{7f}", "\u{7f}"), ("\u{feff}", "\u{feff}"),
        (#"\\u0000"#, #"\u0000"#), (#"12345678\n12345678"#, "12345678\n12345678"), ("1234567é", "1234567é"),
        (#"\ud800\udc00x"#, "\u{10000}x"),
    ])
    func `unescapes strings`(_ text: String, _ value: String) throws {
        let json = try object("{\"s\":\"\(text)\"}")
        let string = try #require(json["s"]?.string)
        #expect(string.unicodeScalars.elementsEqual(value.unicodeScalars))
        #expect((json["s"]?.unescapedBytes == nil) == text.contains("\\"))
    }

    @Test(arguments: [
        (#"\x"#, JSONError.Kind.notJSON), (#"\u12"#, .notJSON), (#"\u12G4"#, .notJSON), (#"\u 123"#, .notJSON),
        (#"\U0041"#, .notJSON), (#"\'"#, .notJSON), (#"\a"#, .notJSON), (#"\"#, .notJSON), ("a\nb", .notJSON),
        ("a\tb", .notJSON), ("\u{1f}", .notJSON), ("12345678\u{1b}", .notJSON), ("\u{0}", .nulInString),
        ("a\u{0}b", .nulInString), (#"\u0000"#, .nulInString), (#"a\u0000"#, .nulInString),
        (#"\ud800"#, .loneSurrogate), (#"\udc00"#, .loneSurrogate), (#"\ud800x"#, .loneSurrogate),
        (#"\ud800\n"#, .loneSurrogate), (#"\ud800\ud800"#, .loneSurrogate), (#"\udc00\ud800"#, .loneSurrogate),
        (#"\ud800\u0041"#, .loneSurrogate), (#"\ud800\u00"#, .notJSON), (#"\uDFFF"#, .loneSurrogate),
    ])
    func `refuses strings that no text can hold, as values and as names`(_ text: String, _ kind: JSONError.Kind) {
        #expect(refusal("{\"s\":\"\(text)\"}") == kind)
        #expect(refusal("{\"\(text)\":1}") == kind)
        #expect(refusal("{\"deep\":[{\"s\":\"\(text)\"}]}") == kind)
    }

    @Test(arguments: [
        [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xe0, 0x80, 0x80], [0xe0, 0x9f, 0xbf],
        [0xe2, 0x82], [0xe2, 0x41, 0x41], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0x80],
        [0xf0, 0x8f, 0xbf, 0xbf], [0xf0, 0x9f, 0x98], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff],
        [0xfe], [0xfc, 0x83, 0xbf, 0xbf, 0xbf, 0xbf], [0x41, 0xe9], [0xc3, 0xa9, 0xa9],
    ] as [[UInt8]])
    func `refuses invalid UTF-8 in values and names`(_ bytes: [UInt8]) {
        #expect(refusal("{\"s\":\"".bytes + bytes + "\"}".bytes) == .invalidUTF8)
        #expect(refusal("{\"".bytes + bytes + "\":1}".bytes) == .invalidUTF8)
        #expect(refusal("{\"s\":\"1234567".bytes + bytes + "\"}".bytes) == .invalidUTF8)
        // Cut off by the end of the text.
        #expect(refusal("{\"s\":\"".bytes + bytes) != nil)
    }

    @Test func `all characters of UTF-8 and no others are accepted`() throws {
        // One character at each end of each row of RFC 3629 section 4.
        let ends: [UInt32] = [
            0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xcfff, 0xd000, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x3ffff, 0x40000,
            0xfffff, 0x100000, 0x10ffff,
        ]
        for scalar in ends.compactMap(Unicode.Scalar.init) {
            #expect(try object("{\"s\":\"\(scalar)\"}")["s"]?.string == String(scalar))
        }
        // Every pair of bytes that is no character.
        for first in 0x80...0xff as ClosedRange<UInt8> {
            for second in 0x00...0xff as ClosedRange<UInt8> where second != 0x22 && second != 0x5c {
                let isCharacter = (0xc2...0xdf).contains(first) && (0x80...0xbf).contains(second)
                #expect((refusal("{\"s\":\"".bytes + [first, second] + "\"}".bytes) == nil) == isCharacter)
            }
        }
    }

    // MARK: - Structure

    @Test(arguments: [
        "", " ", "{", "}", "{}}", "{}x", "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}", "{'a':1}", "{1:1}", "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":undefined}", "{\"a\":[1,]}",
        "{\"a\":[,1]}", "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\":{]}", "{\"a\":1]", "[}", "{\"a\":\"", "{\"a",
        "{\"a\":\"x", "{\"a\":1", "{\"a\":1,", "{\"a\":t", "//x\n{}", "{/**/}", "{}#", "\u{feff}{}", "\u{a0}{}",
        "{\u{b}}", "{}\u{0}", "{\"a\":1;}",
        "{\"a\":\"x\"\"y\"}", "{\"a\":-}", "{\"a\"::1}", "{{}}", "{[]}", "{null}", "{\"a\":truefalse}", "é",
    ])
    func `refuses what RFC 8259 does not allow`(_ text: String) {
        #expect(refusal(text) == .notJSON)
    }

    @Test func `says where the text went wrong`() {
        func offset(_ text: String) -> Int? {
            do throws(JSONError) { _ = try object(text); return nil } catch { return error.offset }
        }
        #expect(offset(#"{"a":1,}"#) == 7)
        #expect(offset(#"{"a":x}"#) == 5)
        #expect(offset(#"{"a":"b"#) == 7)
        #expect(offset(#"{"a":"b\u0000"}"#) == 7)
        #expect(offset(#"{"a":1,"b":2,"a":3}"#) == 14)
        #expect(offset("[]") == 0)
    }

    // MARK: - Duplicates

    @Test(arguments: [
        (#"{"a":1,"a":1}"#, "a"), (#"{"a":1,"b":2,"\u0061":3}"#, "a"), (#"{"\u0061":1,"a":3}"#, "a"),
        (#"{"\u0061":1,"\u0061":3}"#, "a"), (#"{"é":1,"\u00e9":2}"#, "é"), (#"{"":1,"":2}"#, ""),
        (#"{"x":{"a":1,"a":2}}"#, "a"), (#"{"x":[{"a":1},{"a":1,"b":{},"a":2}]}"#, "a"),
        (#"{"a":{"a":1},"b":[{"a":1}],"a":2}"#, "a"), (#"{"a\/b":1,"a/b":2}"#, "a/b"),
        (#"{"\ud83d\ude00":1,"😀":2}"#, "😀"),
    ])
    func `refuses a member given twice, however written and wherever`(_ text: String, _ name: String) {
        #expect(refusal(text) == .duplicateMember(name: name))
    }

    @Test(arguments: [
        #"{"a":1,"A":1}"#, #"{"a":1,"b":{"a":1},"c":{"a":1}}"#, #"{"x":[{"a":1},{"a":1}]}"#, #"{"a":1,"a ":1,"":1}"#,
        #"{"é":1,"e\u0301":2}"#, #"{"ab":1,"ac":2,"bb":3,"cb":4}"#, #"{"a\\u0062":1,"ab":2}"#,
    ])
    func `equal names in different objects and similar names are no duplicates`(_ text: String) {
        #expect(refusal(text) == nil)
    }

    @Test(arguments: [2, 15, 16, 17, 18, 100, 1000])
    func `finds a duplicate among any number of members`(_ count: Int) {
        let members = (0..<count - 1).map { "\"m\($0)\":[\($0)]" }
        #expect(refusal("{\(members.joined(separator: ","))}", JSONLimits(maximumMembers: 2000)) == nil)
        let name = "m\((count - 1) / 2)"
        let limits = JSONLimits(maximumBytes: 100_000, maximumMembers: 3000)
        #expect(refusal("{\(members.joined(separator: ",")),\"\(name)\":0}", limits) == .duplicateMember(name: name))
        let escaped = "\\u006d\((count - 1) / 2)"
        #expect(refusal("{\(members.joined(separator: ",")),\"\(escaped)\":0}", limits) == .duplicateMember(name: name))
    }

    // MARK: - Limits

    @Test func `a text of the largest size is read, one byte more is not`() {
        let filler = { (count: Int) in "{\"a\":\"" + String(repeating: "x", count: count - 8) + "\"}" }
        #expect(refusal(filler(16 * 1024)) == nil)
        #expect(refusal(filler(16 * 1024 + 1)) == .tooLarge)
        #expect(refusal("{}", JSONLimits(maximumBytes: 2)) == nil)
        #expect(refusal("{} ", JSONLimits(maximumBytes: 2)) == .tooLarge)
        #expect(refusal("{}", JSONLimits(maximumBytes: .max, maximumDepth: .max, maximumMembers: .max)) == nil)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `nesting of the greatest depth is read, one level more is not`(_ open: String, _ close: String) {
        func text(_ depth: Int) -> String {
            let inner = String(repeating: open, count: depth - 1) + "0" + String(repeating: close, count: depth - 1)
            return "{\"top\":\(inner)}"
        }
        #expect(refusal(text(16)) == nil)
        #expect(refusal(text(17)) == .tooDeep)
        #expect(refusal("{}", JSONLimits(maximumDepth: 1)) == nil)
        #expect(refusal("{\"a\":[]}", JSONLimits(maximumDepth: 1)) == .tooDeep)
        #expect(refusal("{}", JSONLimits(maximumDepth: 0)) == .tooDeep)
    }

    @Test func `depth counts what is open, not what was`() {
        let siblings = Array(repeating: "[[]]", count: 100).joined(separator: ",")
        #expect(refusal("{\"a\":[\(siblings)]}", JSONLimits(maximumDepth: 4)) == nil)
    }

    @Test func `deep nesting is refused at once and costs no stack`() {
        let limits = JSONLimits(maximumBytes: .max, maximumDepth: .max, maximumMembers: .max)
        let opening = "{\"a\":" + String(repeating: "[", count: 1_000_000)
        #expect(refusal(opening) == .tooLarge)
        #expect(refusal(opening, JSONLimits(maximumBytes: .max)) == .tooDeep)
        // Without limits it is read: nothing recurs.
        let text = "{\"a\":" + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}"
        #expect(refusal(text, limits) == nil)
    }

    @Test func `as many members as the limit are read, one more is not`() {
        let members = { (count: Int) in "{" + (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") + "}" }
        #expect(refusal(members(1024)) == nil)
        #expect(refusal(members(1025)) == .tooManyMembers)
        let elements = { (count: Int) in "{\"a\":[" + (0..<count).map { _ in "0" }.joined(separator: ",") + "]}" }
        #expect(refusal(elements(1023)) == nil)
        #expect(refusal(elements(1024)) == .tooManyMembers)
        #expect(refusal("{\"a\":{\"b\":[{\"c\":1}]}}", JSONLimits(maximumMembers: 4)) == nil)
        #expect(refusal("{\"a\":{\"b\":[{\"c\":1}]}}", JSONLimits(maximumMembers: 3)) == .tooManyMembers)
    }

    // MARK: - Messages

    @Test(arguments: [
        ("{", "The JSON is not valid: unexpected content at byte 1"),
        ("[]", "The JSON must be an object"),
        (#"{"exp":1,"exp":2}"#, #"The JSON member "exp" is given more than once"#),
        (#"{"<\u001b\"é":1,"<\u001b\"é":2}"#, #"The JSON member "<\u{1b}\u{22}\u{e9}" is given more than once"#),
        (#"{"a":"\u0000"}"#, "A JSON string holds a NUL character at byte 6"),
        (#"{"a":"\ud800"}"#, "A JSON string holds half of a surrogate pair at byte 6"),
    ])
    func `an error is a sentence that quotes nothing but a harmless name`(_ text: String, _ sentence: String) {
        do throws(JSONError) {
            _ = try object(text)
            Issue.record("accepted")
        } catch {
            #expect(error.description == sentence)
        }
    }

    @Test func `a long name is cut`() {
        let name = String(repeating: "n", count: 33)
        do throws(JSONError) {
            _ = try object("{\"\(name)\":1,\"\(name)\":2}")
            Issue.record("accepted")
        } catch {
            #expect(error.description == "The JSON member \"\(name.dropLast())...\" is given more than once")
        }
    }
}
