// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 language mode (from the tools version), strict memory safety, and no warnings.
let ours: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
let tests = "Tests/"
let examples = "Sources/Examples/"

func example(_ name: String, _ folder: String) -> Target {
    .executableTarget(
        name: "example-" + name, dependencies: ["Cellar", "ExampleSupport"], path: examples + folder,
        swiftSettings: ours)
}

let package = Package(
    name: "Cellar",
    products: [
        .library(name: "Cellar", targets: ["Cellar"]),
        .library(name: "CellarFoundation", targets: ["CellarFoundation"]),
        .executable(name: "cellar", targets: ["cellar-tool"]),
    ],
    traits: [
        .trait(
            name: "CrashPoints",
            description: "For Cellar's own tests: a process can be made to die or stop at every step of a write path.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .target(
            name: "CCellar",
            cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]
        ),
        .target(
            name: "Cellar",
            dependencies: ["CCellar", "CLMDB", .product(name: "Logging", package: "swift-log")],
            swiftSettings: ours
        ),
        // What needs Foundation, so that only those who use it load that.
        .target(name: "CellarFoundation", dependencies: ["Cellar"], swiftSettings: ours),
        .executableTarget(
            name: "cellar-tool",
            dependencies: ["Cellar", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "tools/cellar",
            swiftSettings: ours
        ),

        // Programs that show how it is used; the tests run them. Not products: who uses the library builds none of this.
        .target(
            name: "ExampleSupport",
            dependencies: ["Cellar", .product(name: "Subprocess", package: "swift-subprocess")],
            path: examples + "Support", swiftSettings: ours),
        example("worker-queue", "WorkerQueue"),
        example("redelivery", "Redelivery"),
        example("configuration", "Configuration"),
        example("process-pool", "ProcessPool"),
        example("frame-ring", "FrameRing"),

        // What the tests share: scratch stores, watchdogs, random numbers with a printed seed, workers.
        .target(
            name: "CellarTestSupport", dependencies: ["Cellar"], path: tests + "CellarTestSupport", swiftSettings: ours),
        // Stands between that program and the C library: what is written is noted, calls fail on demand.
        .target(
            name: "CInterposer",
            path: tests + "CInterposer",
            cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]
        ),
        // The program that tests start, stop and kill.
        .executableTarget(
            name: "cellar-test-worker",
            dependencies: ["Cellar", "CellarTestSupport", "CInterposer"],
            path: tests + "CellarProcessTests/Worker",
            swiftSettings: ours
        ),
        // Random work by processes that are killed and stopped: tools/torture.
        .executableTarget(
            name: "cellar-torture",
            dependencies: [
                "Cellar", "CellarTestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: tests + "Torture",
            swiftSettings: ours
        ),
        // Damages stores, and lets processes use them: tools/fuzz.
        .executableTarget(
            name: "cellar-fuzz",
            dependencies: [
                "Cellar", "CCellar", "CLMDB", "CellarTestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: tests + "Fuzz",
            swiftSettings: ours
        ),
        .testTarget(
            name: "CellarTests", dependencies: ["Cellar", "CCellar", "CellarFoundation", "CellarTestSupport"],
            path: tests + "CellarTests",
            swiftSettings: ours),
        .testTarget(
            name: "CellarProcessTests",
            dependencies: [
                "Cellar", "CellarTestSupport", "cellar-test-worker", "cellar-tool", "cellar-torture", "cellar-fuzz",
                "example-worker-queue", "example-redelivery", "example-configuration", "example-process-pool",
                "example-frame-ring",
            ],
            path: tests + "CellarProcessTests", exclude: ["Worker"],
            swiftSettings: ours),
    ]
)

// For tools/docs only: nobody who uses the library sees the plugin.
if Context.environment["CELLAR_DOCUMENTATION"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
