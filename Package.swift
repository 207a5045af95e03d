// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 language mode (from the tools version), strict memory safety, and no warnings.
let ours: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "Cellar",
    products: [
        .library(name: "Cellar", targets: ["Cellar"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .target(name: "CCellar", cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]),
        .target(
            name: "Cellar",
            dependencies: ["CCellar", "CLMDB", .product(name: "Logging", package: "swift-log")],
            swiftSettings: ours
        ),
    ]
)
