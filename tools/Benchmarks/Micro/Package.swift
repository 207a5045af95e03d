// swift-tools-version: 6.2
import PackageDescription

// Each public operation by itself, with percentiles:
//
//     swift package --package-path tools/Benchmarks/Micro benchmark
//
// runs all of them (some minutes); `--filter 'dictionary.*'` some, `--format markdown --path stdout` for a page, `list` says which
// there are; `--scale` shows what a thousand brief operations take, for those of less than some nanoseconds. What is named "…, 4 processes" is measured in one process while three others do the same to the same
// structure without pause.
//
// A package of its own, so that what the benchmark package brings is neither in the library's graph nor in the way of the
// programs beside it.
let package = Package(
    name: "CellarMicroBenchmarks",
    dependencies: [
        .package(name: "Cellar", path: "../../.."),
        // Without its traits: they put an allocator of its own in the way, and its counts say nothing here.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "CellarMicro",
            dependencies: [
                .product(name: "Cellar", package: "Cellar"), .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/CellarMicro",
            swiftSettings: [.strictMemorySafety()],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ]
)
