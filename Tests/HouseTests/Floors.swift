/// The floors of the house: a module imports only from floors below its own.
enum Floors {
    /// Our modules by their floors, as the README has them.
    static let modules: [[String]] = [
        ["CFastCGI", "CLibPQ", "COpenSSL", "CEpoll", "CFiles", "WireFormats"],
        ["FastCGI", "PostgreSQL", "JOSE", "ContentStore", "NameService"],
        ["LatchkeyCore"],
        ["HTTPAPI"],
        ["LatchkeyServer"],
        ["latchkeyd", "latchkey-webhooks", "latchkey"],
    ]

    /// All that a module may import. What is not of ours: the C library and threads on the floors that meet the
    /// system, the log, the clock, and on the last floor what a command needs.
    static let imports: [String: Set<String>] = [
        "WireFormats": [],
        "FastCGI": ["CFastCGI", "CEpoll", "Glibc", "Synchronization"],
        "PostgreSQL": ["CLibPQ", "WireFormats", "Glibc"],
        "JOSE": ["COpenSSL", "WireFormats", "Glibc"],
        "ContentStore": ["CFiles", "Glibc", "Synchronization"],
        "NameService": ["Glibc"],
        "LatchkeyCore": [
            "PostgreSQL", "JOSE", "ContentStore", "WireFormats", "Logging", "FoundationEssentials", "Glibc", "Dispatch",
            "Synchronization",
        ],
        "HTTPAPI": ["LatchkeyCore", "WireFormats", "HTTPTypes"],
        "LatchkeyServer": [
            "FastCGI", "PostgreSQL", "JOSE", "ContentStore", "WireFormats", "LatchkeyCore", "HTTPAPI", "HTTPTypes",
            "Logging", "Configuration", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization",
        ],
        "latchkeyd": ["LatchkeyServer", "ArgumentParser", "FoundationEssentials"],
        "latchkey-webhooks": [
            "LatchkeyServer", "LatchkeyCore", "FastCGI", "PostgreSQL", "JOSE", "NameService", "WireFormats",
            "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOSSL", "ArgumentParser", "Logging", "FoundationEssentials",
            "Glibc", "Dispatch", "Synchronization",
        ],
        "latchkey": [
            "LatchkeyCore", "FastCGI", "PostgreSQL", "JOSE", "ContentStore", "WireFormats", "ArgumentParser",
            "FoundationEssentials", "Foundation",
        ],
    ]

    static let cModules: Set<String> = ["CFastCGI", "CLibPQ", "COpenSSL", "CEpoll", "CFiles"]

    static func floor(of module: String) -> Int? {
        modules.firstIndex { $0.contains(module) }
    }
}
