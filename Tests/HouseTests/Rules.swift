/// Rules that a line of code keeps or breaks. Each gives the lines that break it.
enum Rules {
    struct Breach: CustomStringConvertible {
        let path: String
        let line: Int
        let text: String

        var description: String { "\(path):\(line): \(text)" }
    }

    /// What a line imports, and how widely it shows it.
    static func imported(by line: String) -> (access: String?, module: String)? {
        guard let match = line.firstMatch(of: #/
            ^\s*(?:@\w+(?:\([^)]*\))?\s+)*
            (?:(?<access>public|package|internal|fileprivate|private)\s+)?
            import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(?<module>\w+)
            /#)
        else { return nil }
        return (match.access.map(String.init), String(match.module))
    }

    /// Imports that the table of floors does not have.
    static func foreignImports(_ file: SourceFile) -> [Breach] {
        breaches(file.code, of: file) { line in
            guard let module = imported(by: line)?.module else { return false }
            return Floors.imports[file.module]?.contains(module) != true
        }
    }

    /// Imports of C modules that do not say that they stay inside: no C type in a public signature.
    static func openCImports(_ file: SourceFile) -> [Breach] {
        breaches(file.code, of: file) { line in
            guard let (access, module) = imported(by: line) else { return false }
            return Floors.cModules.contains(module) && access != "internal"
        }
    }

    /// Pointers, and promises that the compiler does not check, above the modules of the C libraries.
    static func pointers(_ file: SourceFile) -> [Breach] {
        if Floors.floor(of: file.module) == 1 || file.path == "Sources/LatchkeyServer/Lifecycle.swift" { return [] }
        return breaches(file.code, of: file) { has($0, #/\bunsafe\b|@unchecked\b|\bUnsafe\w*|@_\w/#) }
    }

    /// What ends the process when an assumption is wrong: `try!`, `as!`, forced unwrapping, implicit unwrapping and
    /// calls that never return. A `precondition` on our own arguments is allowed.
    static func traps(_ file: SourceFile) -> [Breach] {
        breaches(file.code, of: file) {
            has($0, #/\b(?:try|as)!|\b(?:fatalError|preconditionFailure|assertionFailure)\(|[\w)\]>"?]!(?!=)/#)
        }
    }

    /// SQL that is not one literal: `Statement` takes a `StaticString`, and nothing else may send text to libpq.
    static func builtSQL(_ file: SourceFile) -> [Breach] {
        var found = breaches(file.lines, of: file) { line in
            has(line, #/\bStatement\((?!"""$|"(?:[^"\\]|\\[^(])*"\))/#)
                || has(line, #/\bPQ(?:exec|execParams|sendQuery|prepare|sendPrepare)\b/#)
        }
        // The lines of a longer literal.
        var isInStatement = false
        for (index, line) in file.lines.enumerated() {
            if isInStatement, line.contains(#"\("#) {
                found.append(Breach(path: file.path, line: index + 1, text: line))
            }
            if has(line, #/\bStatement\("""$/#) {
                isInStatement = true
            } else if line.contains(#/^\s*"""/#) {
                isInStatement = false
            }
        }
        return found
    }

    /// Comparisons of a secret, a hash or a signature that end at the first difference. `constantTimeEquals` does not.
    static func hastyComparisons(_ file: SourceFile) -> [Breach] {
        // The start of a token against the text of a header: neither is a secret.
        let allowed = ["Sources/JOSE/Verifier.swift": "return unsafe memcmp(token, prefixStart, prefix.count) == 0"]
        let secretOnTheLeft = #/(?:signature|secret|mac|hash|digest|authenticationCode)(?:e?s)?\s[=!]=\s(?!nil\b)/#.ignoresCase()
        let secretOnTheRight =
            #/\s[=!]=\s[\w.]*(?:signature|secret|mac|hash|digest|authenticationCode)(?:e?s)?(?![\w.(])/#.ignoresCase()
        return breaches(file.code, of: file) { line in
            if let allowed = allowed[file.path], line.hasSuffix(allowed) { return false }
            return has(line, secretOnTheLeft) || has(line, secretOnTheRight)
                || has(line, #/\b(?:memcmp|strcmp|strncmp|elementsEqual)\(/#)
        }
    }

    /// Names that a file system without regard to case takes for one.
    static func namesThatCollide(_ paths: [String]) -> [[String]] {
        Dictionary(grouping: paths) { $0.lowercased() }.values.filter { $0.count > 1 }
    }

    /// Whether a line holds such a thing. A word ends where an identifier does: by the rules of natural languages,
    /// which are the default, `a.b` is one word.
    private static func has(_ line: String, _ pattern: Regex<Substring>) -> Bool {
        line.contains(pattern.wordBoundaryKind(.simple))
    }

    private static func breaches(
        _ lines: [String], of file: SourceFile, _ isBreach: (String) -> Bool
    ) -> [Breach] {
        lines.enumerated().filter { isBreach($0.element) }.map {
            Breach(path: file.path, line: $0.offset + 1, text: $0.element)
        }
    }
}
