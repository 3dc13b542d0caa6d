import Testing
import WireFormats

@Suite struct RawJSONTests {
    @Test(arguments: [
        "{}", "{ }", #"{ "a" : [ 1 , 2.50e+1 ] ,"b":{"\u0061":"\"\\"} }"#, "[]", "[ null ]", "null", "true", "false",
        "-0", "1.50", "1e999", #""""#, #""a""#, #""\u00e9\"""#, "\"\u{e9}\u{1f600}\"",
    ])
    func `a value is given as it was written`(text: String) throws {
        let alone = try JSONValue(parsing: Array("\n \(text) \t".utf8))
        #expect(String(decoding: alone.rawJSON, as: UTF8.self) == text)
        let object = try JSONObject(parsing: Array("{\"x\":1, \"m\" : \(text) ,\"y\":[]}".utf8))
        let member = try #require(object["m"])
        #expect(String(decoding: member.rawJSON, as: UTF8.self) == text)
        let array = try #require(JSONValue(parsing: Array("[\(text),\(text)]".utf8)).array)
        #expect(array.map { String(decoding: $0.rawJSON, as: UTF8.self) } == [text, text])
    }
}
