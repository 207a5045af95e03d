// swift-tools-version: 6.2
import PackageDescription

let ours: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

// A package of its own, so that what benchmarks need never reaches those who use the library.
let package = Package(
    name: "CellarBenchmarks",
    dependencies: [
        .package(name: "Cellar", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // The comparison beside what people use today: what its programs share, Cellar's, and who has them all work in turn.
        .target(name: "BenchmarkSupport", swiftSettings: ours),
        .target(name: "CProcessor"),
        .executableTarget(
            name: "cellar-peer",
            dependencies: ["BenchmarkSupport", "CProcessor", .product(name: "Cellar", package: "Cellar")],
            swiftSettings: ours),
        .executableTarget(
            name: "cellar-compare",
            dependencies: ["BenchmarkSupport", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: ours),
        // Hot loops whose instructions `instructions` counts. Builds nothing but the library.
        .executableTarget(
            name: "cellar-hot", dependencies: [.product(name: "Cellar", package: "Cellar")], swiftSettings: ours),
    ]
)
