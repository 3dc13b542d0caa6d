// swift-tools-version: 6.2
import PackageDescription

// What every target of ours is built with: pointers show as `unsafe`, C modules stay out of public signatures, and a
// warning stops the build.
let commonSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

// The sender of webhooks stands on SwiftNIO, which takes minutes to build and is none of our code: builds that only run
// our tests under a sanitizer leave both out.
let hasWebhooks = Context.environment["LATCHKEY_WITHOUT_WEBHOOKS"] == nil

// The floors of the house, lowest first. Tests/HouseTests compares every import line with the table in the README.
let package = Package(
    name: "latchkey",
    products: [
        .executable(name: "latchkeyd", targets: ["latchkeyd"]),
        .executable(name: "latchkey", targets: ["latchkey"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // No trait: environment variables and files in the same syntax are all that we read.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // Floor 0: C libraries and what needs no library.
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CEpoll"),
        .target(name: "CFiles"),
        .target(name: "WireFormats", swiftSettings: commonSettings),

        // Floor 1: one module a C library.
        .target(name: "FastCGI", dependencies: ["CFastCGI", "CEpoll"], swiftSettings: commonSettings),
        .target(name: "PostgreSQL", dependencies: ["CLibPQ", "WireFormats"], swiftSettings: commonSettings),
        .target(name: "JOSE", dependencies: ["COpenSSL", "WireFormats"], swiftSettings: commonSettings),
        .target(name: "ContentStore", dependencies: ["CFiles"], swiftSettings: commonSettings),
        .target(name: "NameService", swiftSettings: commonSettings),

        // Floor 2: the domain. Floor 3: HTTP. Floor 4: where they meet FastCGI.
        .target(
            name: "LatchkeyCore",
            dependencies: ["ContentStore", "PostgreSQL", "JOSE", "WireFormats", logging],
            swiftSettings: commonSettings),
        .target(
            name: "HTTPAPI",
            dependencies: ["LatchkeyCore", "WireFormats", httpTypes],
            swiftSettings: commonSettings),
        .target(
            name: "LatchkeyServer",
            dependencies: [
                "ContentStore", "FastCGI", "HTTPAPI", "JOSE", "LatchkeyCore", "PostgreSQL", "WireFormats",
                configuration, httpTypes, logging,
            ],
            swiftSettings: commonSettings),

        // Floor 5: the programs.
        .executableTarget(
            name: "latchkeyd", dependencies: ["LatchkeyServer", argumentParser], swiftSettings: commonSettings),
        .executableTarget(
            name: "latchkey",
            dependencies: [
                "ContentStore", "FastCGI", "JOSE", "LatchkeyCore", "PostgreSQL", "WireFormats", argumentParser,
            ],
            swiftSettings: commonSettings),

        // Tests mirror the sources.
        .testTarget(name: "WireFormatsTests", dependencies: ["WireFormats"], swiftSettings: commonSettings),
        .testTarget(name: "JOSETests", dependencies: ["JOSE", "WireFormats"], swiftSettings: commonSettings),
        .target(name: "TestCluster", path: "Tests/TestCluster", swiftSettings: commonSettings),
        .testTarget(
            name: "PostgreSQLTests",
            dependencies: ["PostgreSQL", "TestCluster", "WireFormats"],
            swiftSettings: commonSettings),
        .testTarget(name: "ContentStoreTests", dependencies: ["ContentStore"], swiftSettings: commonSettings),
        .testTarget(name: "FastCGITests", dependencies: ["FastCGI"], swiftSettings: commonSettings),
        .testTarget(
            name: "LatchkeyCoreTests",
            dependencies: [
                "LatchkeyCore", "ContentStore", "JOSE", "PostgreSQL", "TestCluster", "WireFormats", logging,
            ],
            swiftSettings: commonSettings),
        .testTarget(
            name: "HTTPAPITests",
            dependencies: ["HTTPAPI", "ContentStore", "LatchkeyCore", "JOSE", "PostgreSQL", "WireFormats", httpTypes],
            swiftSettings: commonSettings),
        .testTarget(
            name: "LatchkeyServerTests",
            dependencies: [
                "LatchkeyServer", "ContentStore", "FastCGI", "HTTPAPI", "JOSE", "LatchkeyCore", "WireFormats",
                httpTypes, logging,
            ],
            swiftSettings: commonSettings),
        .testTarget(
            name: "latchkeyTests",
            dependencies: [
                "latchkey", "ContentStore", "JOSE", "LatchkeyCore", "PostgreSQL", "TestCluster", "WireFormats",
            ],
            swiftSettings: commonSettings),
        .testTarget(name: "HouseTests", dependencies: ["HTTPAPI"], swiftSettings: commonSettings),
    ]
)

if hasWebhooks {
    package.products.append(.executable(name: "latchkey-webhooks", targets: ["latchkey-webhooks"]))
    package.dependencies += [
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ]
    package.targets.append(.executableTarget(
        name: "latchkey-webhooks",
        dependencies: [
            "FastCGI", "JOSE", "LatchkeyCore", "LatchkeyServer", "NameService", "PostgreSQL", "WireFormats",
            argumentParser, logging,
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ],
        swiftSettings: commonSettings))
}
