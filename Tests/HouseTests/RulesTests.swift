import Testing

/// Each rule must be able to fail, and to let go what is right.
@Suite("A rule of the house")
struct RulesTests {
    private func file(_ text: String, _ path: String = "Sources/HTTPAPI/Sample.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test("finds imports that are not in the table", arguments: [
        "import Foundation", "internal import JOSE", "public import PostgreSQL", "@testable import FastCGI",
        "  import Glibc", "import struct COpenSSL.evp", "@preconcurrency public import Dispatch", "import HTTPAPI",
        "@_spi(Testing) import WireFormatsTesting",
    ])
    func foreignImport(line: String) {
        #expect(Rules.foreignImports(file("import WireFormats\n" + line)).map(\.line) == [2])
    }

    @Test("lets go imports of the table", arguments: [
        "public import LatchkeyCore", "import HTTPTypes", "internal import WireFormats", "// import Foundation",
        "/* import Foundation\nimport Foundation */", "let text = \"\"\"\nimport Foundation\n\"\"\"",
        "important(import: x)",
    ])
    func ownImport(line: String) {
        #expect(Rules.foreignImports(file(line)).isEmpty)
    }

    @Test("finds every import of a module that has no row")
    func unknownModule() {
        #expect(Rules.foreignImports(file("import WireFormats", "Sources/New/New.swift")).count == 1)
    }

    @Test("finds C modules that are shown to others", arguments: [
        ("internal import COpenSSL", true), ("import COpenSSL", false), ("public import CLibPQ", false),
        ("package import CEpoll", false), ("private import CFastCGI", false), ("import Glibc", true),
    ])
    func cImport(line: String, isRight: Bool) {
        #expect(Rules.openCImports(file(line, "Sources/JOSE/Sample.swift")).isEmpty == isRight)
    }

    @Test("finds pointers", arguments: [
        "let x = unsafe read(0, &byte, 1)", "nonisolated(unsafe) var x = 0", "final class X: @unchecked Sendable {}",
        "func f(_ p: UnsafeRawPointer) {}", "let x = \"\\(unsafe f())\"", "@_silgen_name(\"x\") func f()",
    ])
    func pointer(line: String) {
        for (path, isRight) in [
            ("Sources/HTTPAPI/Sample.swift", false), ("Sources/LatchkeyServer/Sample.swift", false),
            ("Sources/latchkey/Lifecycle.swift", false), ("Sources/WireFormats/Sample.swift", false),
            ("Sources/LatchkeyServer/Lifecycle.swift", true), ("Sources/JOSE/Sample.swift", true),
        ] {
            #expect(Rules.pointers(file(line, path)).isEmpty == isRight, "\(path)")
        }
    }

    @Test("lets go the word where it is no code", arguments: [
        "// unsafe", "let x = \"unsafe\"", "let unsafely = 1", "let text = #\"\\(unsafe)\"#",
    ])
    func noPointer(line: String) {
        #expect(Rules.pointers(file(line)).isEmpty)
    }

    @Test("finds what ends the process", arguments: [
        "try! f()", "x as! Y", "fatalError(\"x\")", "preconditionFailure()", "let x = y!", "y!.z()", "f(a, y!)",
        "list[0]!", "f()!", "var x: Int!", "(y as? Z)!", "y?.z!", "var x: [Int]!", "\"\\(y!)\"", "let x = y! + 1",
        "Optional<Int>!", "URL(string: \"x\")!",
    ])
    func trap(line: String) {
        #expect(Rules.traps(file(line)).count == 1)
    }

    @Test("lets go what does not", arguments: [
        "if !x { }", "x != y", "x !== y", "(!x)", "[!x]", "a && !b", "let s = \"Hello!\"", "// Never!", "try? f()",
        "x as? Y", "f(x: !y)", "precondition(x > 0)", "let s = \"\"\"\n  Stop! \"now\"!\n\"\"\"", "#\"\\\"!\"#",
        "a ? !b : c",
    ])
    func noTrap(line: String) {
        #expect(Rules.traps(file(line)).isEmpty)
    }

    @Test("finds SQL that is built", arguments: [
        "Statement(\"SELECT \\(name)\")", "Statement(text)", "Statement(\"SELECT \" + name)",
        "Statement(\n\"SELECT 1\")",
        "Statement(\"\"\"\n    SELECT 1\n    FROM \\(table)\n    \"\"\")", "Statement(\"a\\\"\\(b)\")",
        "PQexec(c, sql)", "unsafe PQsendQuery(c, sql)", "PQprepare(c, \"\", sql, 0, nil)",
    ])
    func builtSQL(text: String) {
        #expect(Rules.builtSQL(file(text)).count == 1)
    }

    @Test("lets go SQL that is one literal", arguments: [
        "Statement(\"SELECT 1\")", "Statement(\"SELECT 'a\\\"b', $1\")",
        "[Statement(\"LISTEN x\"), Statement(\"SELECT 1\")]",
        "Statement(\"\"\"\n    SELECT $1\n    \"\"\")\nlet x = \"\\(y)\"", "let s: Statement", "Statement.self",
        "// Statement(text)", "unsafe PQsendQueryParams(c)", "func run(_ s: Statement) {}",
    ])
    func literalSQL(text: String) {
        #expect(Rules.builtSQL(file(text)).isEmpty)
    }

    @Test("finds comparisons that end at the first difference", arguments: [
        "if signature == other {", "return expected == token.signature", "guard hash != stored else", "a.mac == b.mac",
        "Array(x) == secret", "apiSecret == request.apiSecret", "memcmp(a, b, 32) == 0", "strcmp(a, b)",
        "a.elementsEqual(b)", "hashes == known", "x == self.digest {", "y && storedHash == z",
    ])
    func hastyComparison(line: String) {
        #expect(!Rules.hastyComparisons(file(line)).isEmpty)
    }

    @Test("lets go other comparisons", arguments: [
        "signature.count == 32", "secret.isEmpty == false", "constantTimeEquals(signature, other)",
        "CRYPTO_memcmp(a, b, 1)",
        "hashes.count != 1", "x == secrets.count", "rehashed == true", "// hash == hash", "let hash = x",
        "hash(of: x) == nil", "secret != nil",
    ])
    func otherComparison(line: String) {
        #expect(Rules.hastyComparisons(file(line)).isEmpty)
    }

    @Test("finds names that differ by case alone")
    func names() {
        #expect(Rules.namesThatCollide(["a/B.swift", "a/b.swift", "a/c.swift"]) == [["a/B.swift", "a/b.swift"]])
        #expect(Rules.namesThatCollide(["a/B.swift", "b/B.swift"]).isEmpty)
    }
}

@Suite("A golden file")
struct GoldenFileRuleTests {
    @Test("is one of the path of its request line", arguments: [
        ("# A sentence.\n# POST /api/token\nPOST /api/verify-token\n=====\n200\n", false),
        ("POST /api/token\n=====\n200\n", true), ("POST /api/token/\n", false), ("POST /x/api/token\n", false),
        ("POST /x\nReferer: /api/token\n", false), ("", false), ("# POST /api/token\n", false),
    ])
    func path(text: String, isOne: Bool) {
        #expect(Rules.isGoldenFile(text, of: "/api/token") == isOne)
    }

    @Test("knows a golden file by a path with parts in braces", arguments: [
        ("PUT /x/${ID}/y/a%2Fb?c=d", true), ("PUT /x/1/y/2", true), ("PUT /x/1/y", false), ("PUT /x/1/z/2", false),
        ("PUT /x/1/y/2/3", false),
    ])
    func template(text: String, isOne: Bool) {
        #expect(Rules.isGoldenFile(text, of: "/x/{id}/y/{name}") == isOne)
    }
}

@Suite("A source file")
struct SourceFileTests {
    private func code(_ text: String) -> [String] { SourceFile(path: "", text: text).code }
    private func lines(_ text: String) -> [String] { SourceFile(path: "", text: text).lines }

    @Test("is read without its comments and the contents of its strings", arguments: [
        ("let a = 1 // one", ["let a = 1 "]), ("a /* b */ c", ["a  c"]), ("a /* b\n/* c */ d\n*/ e", ["a ", "", " e"]),
        ("\"a // b\" c", ["\"\" c"]), ("\"a\\\"b\" c", ["\"\" c"]), ("#\"a\"b\"# c", ["#\"\"# c"]),
        ("\"a\\(b + \"c\")d\" e", ["\"\\(b + \"\")\" e"]), ("\"\\(f((x), \"y)\"))\" z", ["\"\\(f((x), \"\"))\" z"]),
        ("#\"a\\(b)\"# c", ["#\"\"# c"]), ("#\"a\\#(b)\"# c", ["#\"\\#(b)\"# c"]),
        ("\"\"\"\na \"b\" // c\n\"\"\" d", ["\"\"\"", "", "\"\"\" d"]), ("\"\" + a", ["\"\" + a"]), ("\"a", ["\""]),
        ("\"\\\\\" a", ["\"\" a"]), ("/* a", [""]), ("", [""]), ("#if a\n#endif", ["#if a", "#endif"]),
    ])
    func code(text: String, expected: [String]) {
        #expect(code(text) == expected)
    }

    @Test("is read with the contents of its strings where they count")
    func lines() {
        #expect(lines("f(\"a // b\") // c\n/* d */ e") == ["f(\"a // b\") ", " e"])
    }

    @Test("knows its module")
    func module() {
        #expect(SourceFile(path: "Sources/JOSE/Key/HMACKey.swift", text: "").module == "JOSE")
    }
}
