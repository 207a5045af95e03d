// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that what benchmarks need never reaches those who use the library.
let ours: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

let package = Package(
    name: "CellarBenchmarks",
    dependencies: [
        .package(name: "Cellar", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // The bare operations of hardware and C library, to measure against.
        .target(name: "CBare"),
        // LMDB itself, through the same library of the system.
        .target(name: "CBareLMDB", linkerSettings: [.linkedLibrary("lmdb")]),
        // Boost.Interprocess's queue, where libboost-dev is installed.
        .target(name: "CBoost"),
        .executableTarget(
            name: "cellar-bench",
            dependencies: [
                "CBare", "CBareLMDB", "CBoost", .product(name: "Cellar", package: "Cellar"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: ours
        ),
        // The comparison beside what people use today: what its programs share, Cellar's, and who has them work in turn.
        .target(name: "BenchmarkSupport", swiftSettings: ours),
        .executableTarget(
            name: "cellar-peer",
            dependencies: ["BenchmarkSupport", "CBare", .product(name: "Cellar", package: "Cellar")],
            swiftSettings: ours),
        .executableTarget(
            name: "cellar-compare",
            dependencies: ["BenchmarkSupport", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: ours),
    ]
)
