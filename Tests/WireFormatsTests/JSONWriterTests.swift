import Testing
import WireFormats

struct JSONWriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        write(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test func `writes members of every type, compact and in order`() throws {
        let id = try #require(UUID("01958a5e-1234-7abc-8def-0123456789ab"))
        let result = text { json in
            json.beginObject()
            json.member("string", "a b")
            json.member("int", -1)
            json.member("int64", Int64.min)
            json.member("true", true)
            json.member("false", false)
            json.member("uuid", id)
            json.member("null", nil)
            json.member("raw", rawJSON: Array("[1]".utf8))
            json.endObject()
        }
        #expect(
            result == #"{"string":"a b","int":-1,"int64":-9223372036854775808,"true":true,"false":false,"#
                + #""uuid":"01958a5e-1234-7abc-8def-0123456789ab","null":null,"raw":[1]}"#)
    }

    @Test func `an absent value is null`() {
        let result = text { json in
            json.beginObject()
            json.member("a", String?.none)
            json.member("b", UUID?.none)
            json.member("c", String?.some("x"))
            json.endObject()
        }
        #expect(result == #"{"a":null,"b":null,"c":"x"}"#)
    }

    @Test func `nests objects and arrays with commas where they belong`() {
        let result = text { json in
            json.beginArray()
            json.beginObject()
            json.endObject()
            json.beginObject()
            json.beginArray("a")
            json.element(1)
            json.element("two")
            json.element(Bool?.none)
            json.element(rawJSON: Array("3.5".utf8))
            json.endArray()
            json.beginObject("o")
            json.member("x", 1)
            json.endObject()
            json.beginArray("empty")
            json.endArray()
            json.member("last", true)
            json.endObject()
            json.beginArray()
            json.endArray()
            json.element(4)
            json.endArray()
        }
        #expect(result == #"[{},{"a":[1,"two",null,3.5],"o":{"x":1},"empty":[],"last":true},[],4]"#)
    }

    @Test(arguments: [
        ("", #""""#),
        ("plain ASCII ~", #""plain ASCII ~""#),
        ("\"", #""\"""#),
        ("\\", #""\\""#),
        ("/", #""/""#),
        ("\n\r\t", #""\n\r\t""#),
        ("\u{8}\u{c}\u{0}\u{1f}\u{1b}[0m", #""\u0008\u000c\u0000\u001f\u001b[0m""#),
        ("\u{7f}", #""\u007f""#),
        ("\u{80}\u{85}\u{9b}\u{9f}", #""\u0080\u0085\u009b\u009f""#),
        ("\u{a0}é€😀", "\"\u{a0}é€😀\""),
        ("\u{2027}\u{2028}\u{2029}\u{202a}", "\"\u{2027}\\u2028\\u2029\u{202a}\""),
        ("\r\n", #""\r\n""#),
        ("e\u{301}", "\"e\u{301}\""),
        ("\u{fffd}\u{ffff}\u{10ffff}", "\"\u{fffd}\u{ffff}\u{10ffff}\""),
    ])
    func `escapes what could break a log, a terminal or a script`(_ string: String, _ expected: String) {
        #expect(text { $0.element(string) } == expected)
    }

    @Test func `every character comes back as it was`() throws {
        var scalars = String.UnicodeScalarView()
        // All but U+0000, which the reader refuses.
        for value: UInt32 in 1...0x2fff {
            if let scalar = Unicode.Scalar(value) { scalars.append(scalar) }
        }
        let string = String(scalars)
        var json = JSONWriter()
        json.beginObject()
        json.member("s", string)
        json.endObject()
        let limits = JSONLimits(maximumBytes: json.bytes.count)
        let read = try #require(try JSONObject(parsing: json.bytes, limits: limits)["s"]?.string)
        #expect(read.unicodeScalars.elementsEqual(string.unicodeScalars))
    }

    @Test func `escapes a name like any string`() {
        #expect(text { $0.beginObject(); $0.member("a\"\n", 1); $0.endObject() } == #"{"a\"\n":1}"#)
    }
}
