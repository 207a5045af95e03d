// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that what benchmarks need never reaches those who use the library.
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
            swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)]
        ),
        // Hot loops whose instructions `instructions` counts. Builds nothing but the library.
        .executableTarget(
            name: "cellar-hot", dependencies: [.product(name: "Cellar", package: "Cellar")],
            swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)]),
    ]
)
