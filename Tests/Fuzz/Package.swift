// swift-tools-version: 6.2
import PackageDescription

// The fuzzing program, a package of its own: the whole of it is built with libFuzzer's and the address sanitizer's
// instruments, as `Tests/Fuzz/run` does, and its targets look at what modules keep to themselves. `Sources` is a link,
// since a package may not name a folder outside itself.
let commonSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // As in the package of the product.
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CEpoll"),
        .target(name: "CFiles"),
        .target(name: "WireFormats", swiftSettings: commonSettings),
        .target(name: "FastCGI", dependencies: ["CFastCGI", "CEpoll"], swiftSettings: commonSettings),
        .target(name: "PostgreSQL", dependencies: ["CLibPQ", "WireFormats"], swiftSettings: commonSettings),
        .target(name: "JOSE", dependencies: ["COpenSSL", "WireFormats"], swiftSettings: commonSettings),
        .target(name: "ContentStore", dependencies: ["CFiles"], swiftSettings: commonSettings),
        .target(
            name: "LatchkeyCore",
            dependencies: ["ContentStore", "PostgreSQL", "JOSE", "WireFormats", logging],
            swiftSettings: commonSettings),
        .target(
            name: "HTTPAPI",
            dependencies: ["LatchkeyCore", "WireFormats", httpTypes],
            swiftSettings: commonSettings),

        .executableTarget(
            name: "fuzz",
            dependencies: ["COpenSSL", "FastCGI", "HTTPAPI", "JOSE", "LatchkeyCore", "WireFormats", httpTypes],
            path: "Fuzz",
            swiftSettings: commonSettings),
    ]
)
