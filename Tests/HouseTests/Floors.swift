/// The floors of the house: a module imports only from floors below its own.
enum Floors {
    /// Our modules by their floors, as the README has them.
    static let modules: [[String]] = [
        ["CFastCGI", "CLibPQ", "COpenSSL", "CEpoll", "WireFormats"],
        ["FastCGI", "PostgreSQL", "JOSE"],
        ["LatchkeyCore"],
        ["HTTPAPI"],
        ["LatchkeyServer"],
        ["latchkeyd", "latchkey"],
    ]

    /// All that a module may import. What is not of ours: the C library and threads on the floors that meet the
    /// system, the log, the clock, and on the last floor what a command needs.
    static let imports: [String: Set<String>] = [
        "WireFormats": [],
        "FastCGI": ["CFastCGI", "CEpoll", "Glibc", "Synchronization"],
        "PostgreSQL": ["CLibPQ", "WireFormats", "Glibc"],
        "JOSE": ["COpenSSL", "WireFormats", "Glibc"],
        "LatchkeyCore": [
            "PostgreSQL", "JOSE", "WireFormats", "Logging", "FoundationEssentials", "Glibc", "Synchronization",
        ],
        "HTTPAPI": ["LatchkeyCore", "WireFormats", "HTTPTypes"],
        "LatchkeyServer": [
            "FastCGI", "PostgreSQL", "JOSE", "WireFormats", "LatchkeyCore", "HTTPAPI", "HTTPTypes", "Logging",
            "Configuration", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization",
        ],
        "latchkeyd": ["LatchkeyServer", "ArgumentParser", "FoundationEssentials"],
        "latchkey": [
            "LatchkeyCore", "FastCGI", "PostgreSQL", "JOSE", "WireFormats", "ArgumentParser", "FoundationEssentials",
            "Foundation",
        ],
    ]

    static let cModules: Set<String> = ["CFastCGI", "CLibPQ", "COpenSSL", "CEpoll"]

    static func floor(of module: String) -> Int? {
        modules.firstIndex { $0.contains(module) }
    }
}
