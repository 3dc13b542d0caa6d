/// What a line of code must not have. Each rule gives the lines of a file that break it.
enum Rules {
    struct Breach: CustomStringConvertible {
        let path: String
        let line: Int
        let text: String

        var description: String { "\(path):\(line): \(text)" }
    }

    /// The imports of a file by their lines: how widely each is shown, and of what.
    static func imports(of file: SourceFile) -> [(line: Int, access: String?, module: String)] {
        let pattern = #/
            ^\s*(?:@\w+(?:\([^)]*\))?\s+)*
            (?:(?<access>public|package|internal|fileprivate|private)\s+)?
            import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(?<module>\w+)
            /#
        return file.code.enumerated().filter { $0.element.contains("import") }.compactMap { index, line in
            line.firstMatch(of: pattern).map { (index + 1, $0.access.map(String.init), String($0.module)) }
        }
    }

    /// Imports that the table of floors does not have.
    static func foreignImports(_ file: SourceFile) -> [Breach] {
        imports(of: file).filter { Floors.imports[file.module]?.contains($0.module) != true }
            .map { Breach(path: file.path, line: $0.line, text: file.code[$0.line - 1]) }
    }

    /// Imports of C modules that do not say that they stay inside: no C type in a public signature.
    static func openCImports(_ file: SourceFile) -> [Breach] {
        imports(of: file).filter { Floors.cModules.contains($0.module) && $0.access != "internal" }
            .map { Breach(path: file.path, line: $0.line, text: file.code[$0.line - 1]) }
    }

    /// Pointers, and promises that the compiler does not check, above the modules of the C libraries.
    static func pointers(_ file: SourceFile) -> [Breach] {
        if Floors.floor(of: file.module) == 1 || file.path == "Sources/LatchkeyServer/Lifecycle.swift" { return [] }
        return breaches(file.code, of: file, #/\bunsafe\b|@unchecked\b|\bUnsafe\w*|@_\w/#)
    }

    /// What ends the process when an assumption is wrong: `try!`, `as!`, forced unwrapping, implicit unwrapping and
    /// calls that never return. A `precondition` on our own arguments is allowed.
    static func traps(_ file: SourceFile) -> [Breach] {
        let calls = #/\b(?:fatalError|preconditionFailure|assertionFailure)\(/#
        return breaches(file.code, of: file, #/[\w)\]>"?]!(?!=)/#) + breaches(file.code, of: file, calls)
    }

    /// SQL that is not one literal: `Statement` takes a `StaticString`, and nothing else may send text to libpq.
    static func builtSQL(_ file: SourceFile) -> [Breach] {
        let notLiteral = #/\bStatement\((?!"""$|"(?:[^"\\]|\\[^(])*"\))/#
        let otherCalls = #/\bPQ(?:exec|execParams|sendQuery|prepare|sendPrepare)\b/#
        var found = breaches(file.lines, of: file, notLiteral) + breaches(file.lines, of: file, otherCalls)
        // The lines of a longer literal.
        var isInStatement = false
        for (index, line) in file.lines.enumerated() {
            if isInStatement, line.contains(#"\("#) {
                found.append(Breach(path: file.path, line: index + 1, text: line))
            }
            if line.hasSuffix(#"Statement(""""#) {
                isInStatement = true
            } else if line.contains(#"""""#) {
                isInStatement = false
            }
        }
        return found
    }

    /// Comparisons of a secret, a hash or a signature that end at the first difference. `constantTimeEquals` does not.
    static func hastyComparisons(_ file: SourceFile) -> [Breach] {
        let secretOnTheLeft = #/
            (?:signature|secret|mac|hash|digest|authenticationCode)(?:e?s)?\s[=!]=\s(?!nil\b)
            /#
        let secretOnTheRight = #/
            \s[=!]=\s[\w.]*(?:signature|secret|mac|hash|digest|authenticationCode)(?:e?s)?(?![\w.(])
            /#
        let functions = #/\b(?:memcmp|strcmp|strncmp|elementsEqual)\(/#
        // The start of a token against the text of a header: neither is a secret.
        let allowed = ["Sources/JOSE/Verifier.swift": "return unsafe memcmp(token, prefixStart, prefix.count) == 0"]
        return [secretOnTheLeft.ignoresCase(), secretOnTheRight.ignoresCase(), functions]
            .flatMap { breaches(file.code, of: file, $0) }
            .filter { breach in allowed[file.path].map { !breach.text.hasSuffix($0) } ?? true }
    }

    /// Names that a file system without regard to case takes for one.
    static func namesThatCollide(_ paths: [String]) -> [[String]] {
        Dictionary(grouping: paths) { $0.lowercased() }.values.filter { $0.count > 1 }
    }

    /// Whether a golden file's request is one for this very path, whose parts in braces are any text: the first line
    /// that is no comment says so.
    static func isGoldenFile(_ text: String, of path: String) -> Bool {
        let line = text.split(separator: "\n").first { !$0.hasPrefix("#") }
        let parts = (line?.split(separator: " ").last?.prefix { $0 != "?" } ?? "").split(
            separator: "/", omittingEmptySubsequences: false)
        let template = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == template.count && zip(template, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }

    /// The lines that hold such a thing. A word ends where an identifier does: by the rules of natural languages,
    /// which are the default, `a.b` is one word.
    private static func breaches(
        _ lines: [String], of file: SourceFile, _ pattern: Regex<Substring>
    ) -> [Breach] {
        let pattern = pattern.wordBoundaryKind(.simple)
        return lines.enumerated().filter { $0.element.contains(pattern) }.map {
            Breach(path: file.path, line: $0.offset + 1, text: $0.element)
        }
    }
}
