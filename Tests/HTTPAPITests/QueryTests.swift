import Testing

@testable import HTTPAPI

@Suite("A query")
struct QueryTests {
    @Test("has the value of a name, decoded", arguments: [
        ("a=1", "1"), ("b=2&a=1&c=3", "1"), ("a", ""), ("a=", ""), ("a=1=2", "1=2"), ("&&a=1&", "1"), ("%61=1", "1"),
        ("a=%31", "1"), ("a=x+y%20z%2B", "x y z+"), ("a=%", "%"), ("a=%4", "%4"), ("a=%zz", "%zz"),
        ("a=100%25", "100%"), ("a=%c3%A9", "\u{e9}"), ("A=2&a=1", "1"), ("aa=2&a=1", "1"), ("a=1;b=2", "1;b=2"),
    ])
    func value(text: String, value: String) throws {
        #expect(try Query(Array(text.utf8)).value(of: "a").map { String(decoding: $0, as: UTF8.self) } == value)
    }

    @Test("has no value of another name", arguments: ["", "&", "=", "=a", "A=1", "aa=1", "b=a", "a%00=1", "?a=1"])
    func none(text: String) throws {
        #expect(try Query(Array(text.utf8)).value(of: "a") == nil)
    }

    @Test("says that a name is there twice", arguments: ["a=1&a=1", "a&a", "a=1&b=2&%61=3", "a=&a"])
    func twice(text: String) throws {
        #expect(throws: Query.Repetition.self) { try Query(Array(text.utf8)).value(of: "a") }
        #expect(try Query(Array(text.utf8)).value(of: "c") == nil)
    }
}
