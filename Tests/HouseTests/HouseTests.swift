import HTTPAPI
import Testing

@Suite("The house")
struct HouseTests {
    private let sources: [SourceFile]

    init() throws {
        sources = try Repository.swiftSources()
        try #require(sources.count > 50, "the sources are not where they were")
    }

    private func expectNone(_ rule: (SourceFile) -> [Rules.Breach]) {
        let breaches = sources.flatMap(rule)
        #expect(breaches.isEmpty, "\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test("imports only what the table of floors has")
    func imports() {
        expectNone(Rules.foreignImports)
    }

    @Test("imports C modules with `internal import` alone")
    func cImports() {
        expectNone(Rules.openCImports)
    }

    @Test("touches pointers only where it wraps a C library, and in Lifecycle")
    func pointers() {
        expectNone(Rules.pointers)
    }

    @Test("never ends the process because an assumption was wrong")
    func traps() {
        expectNone(Rules.traps)
    }

    @Test("builds no SQL")
    func sql() {
        expectNone(Rules.builtSQL)
    }

    @Test("compares secrets, hashes and signatures in constant time")
    func comparisons() {
        expectNone(Rules.hastyComparisons)
    }

    @Test("has no two files whose names differ by case alone")
    func names() throws {
        let files = try ["Sources", "Tests", "deploy", "migrations"].flatMap { try Repository.files(in: $0) }
        #expect(Rules.namesThatCollide(files).isEmpty)
    }

    @Test("has golden files for every endpoint", arguments: Route.allCases)
    func goldenFiles(route: Route) throws {
        let files = try Repository.files(in: "Tests/Golden").filter { $0.hasSuffix(".http") }.map(Repository.text)
        #expect(files.contains { Rules.isGoldenFile($0, of: route.path) })
    }
}

@Suite("The table of floors")
struct FloorsTests {
    @Test("lets no module import upward or sideways")
    func order() throws {
        for (module, imports) in Floors.imports {
            let floor = try #require(Floors.floor(of: module), "\(module) stands on no floor")
            for imported in imports {
                guard let below = Floors.floor(of: imported) else { continue }
                #expect(below < floor, "\(module) must not import \(imported)")
            }
        }
    }

    @Test("has every folder of Sources, and no others")
    func folders() throws {
        let folders = try Set(Repository.files(in: "Sources").compactMap { $0.split(separator: "/").dropFirst().first })
        #expect(folders.map(String.init).sorted() == Floors.modules.joined().sorted())
        #expect(Set(Floors.imports.keys).union(Floors.cModules) == Set(Floors.modules.joined()))
    }

    @Test("lists nothing that nobody imports")
    func unused() throws {
        let sources = try Repository.swiftSources()
        for (module, imports) in Floors.imports {
            let used = sources.filter { $0.module == module }.flatMap { Rules.imports(of: $0).map(\.module) }
            #expect(imports.subtracting(used).isEmpty, "\(module)")
        }
    }

    @Test("is that of the README")
    func readme() throws {
        let rows = try Repository.text("README.md").split(separator: "\n").compactMap { line in
            line.wholeMatch(of: #/\| (?<floor>\d) \| (?<modules>[^|]*) \|.*/#)
        }
        #expect(rows.map { Int($0.floor) } == Array(Floors.modules.indices))
        for (row, modules) in zip(rows, Floors.modules) {
            let names = row.modules.matches(of: #/`(?<name>[\w-]+)`/#).map { String($0.name) }
            #expect(names.sorted() == modules.sorted())
        }
    }
}
