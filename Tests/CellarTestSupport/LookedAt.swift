import Cellar
import Glibc

/// A small store with something of each kind, for those that look.
public enum LookedAt {
    public struct Point: BitwiseCopyable, Sendable {
        var x: Float
        var y: Float
    }

    public struct Pose: BitwiseCopyable, Sendable {
        public var position: Point
        public var isReached: Bool

        public init(_ x: Float, _ y: Float, _ isReached: Bool) {
            position = Point(x: x, y: y)
            self.isReached = isReached
        }
    }

    /// Fills the store, and has it all on disk.
    public static func fill(_ store: Store) throws {
        _ = try store.value("robot/pose", initial: Pose(1.5, -2, true))
        try store.value("robot/pose", of: Pose.self).store(Pose(2.5, -2, true))
        _ = try store.value("robot/arm/speed", initial: 0.5)
        let poses = try store.array("poses", of: Pose.self, count: 3)
        for index in 0..<3 { try poses.withLock { $0[index] = Pose(Float(index), 0.5, index == 1) } }
        try store.array("sound", of: Int16.self, count: 4, persistence: .volatile).fill(7)
        let seen = try store.dictionary("seen", keys: String.self, values: Int.self)
        try seen.set(1, for: "b")
        try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 8)).put(contentsOf: [10, 20, 30])
        try store.list("list", of: Int32.self, capacity: 4).append(contentsOf: [5, 6])
        try store.log("events", of: String.self, options: LogOptions(capacity: 64)).append(contentsOf: ["on", "off"])
        try store.block("raw", byteCount: 4).write([1, 2, 0xAB, 4])
        _ = try store.pipe("line", capacity: 128)
        _ = try store.mutex("door")
        let words = try store.table("words", keys: String.self, values: Int.self)
        try words.set(1, for: "un")
        try words.set(3, for: "zoo")
        let pages = try store.multimap("pages", keys: Int16.self, values: String.self)
        for page in ["b", "a"] { try pages.insert(page, for: 7) }
        try store.sync()
    }

    /// The command lines of all verbs that only look, without the store; `names` are of cells to read one by one.
    public static func verbs(_ path: String) -> [[String]] {
        let gets = [
            "robot/pose", "robot/pose.position.x", "poses", "poses[1]", "list", "events", "raw", "jobs", "door", "line",
        ]
        return [
            ["ls", path], ["ls", path, "--tree"], ["ls", path, "--long"], ["ls", path, "--json", "r*"],
            ["get", path, "seen", "b"], ["get", path, "words", "un"], ["scan", path, "words"], ["scan", path, "seen"],
            ["dump", path], ["dump", path, "--all", "robot/*"], ["dump", path, "--format", "json"],
            ["dump", path, "--format", "csv", "poses"], ["dump", path, "--mdb"], ["stat", path],
            ["stat", path, "--json"], ["stat", path, "jobs"], ["ps", path], ["ps", path, "--json"], ["locks", path],
            ["watch", path, "--count", "4", "robot/pose", "seen", "words", "list"],
            ["watch", path, "--count", "4", "--json", "jobs", "events", "raw", "door"],
            [
                "history", path, "--count", "3", "--interval", "1ms", "robot/arm/speed", "poses[2].position.x", "jobs",
                "words",
            ],
            ["check", path], ["check", path, "--json"], ["take", path, "jobs", "--peek"],
        ] + gets.map { ["get", path, $0] } + gets.map { ["get", path, $0, "--json"] }
    }
}

/// All bytes of a store: of each file of its directory, and of its segment, if it has one.
public struct StoreBytes: Equatable {
    private var files: [String: [UInt8]] = [:]

    public init(_ path: String, segment: String) {
        for name in Files.names(path) { files[name] = Files.read("\(path)/\(name)") }
        if Files.exists(segment) { files[segment] = Files.read(segment) }
    }

    /// The names of the files that are others than before, have come, or are gone.
    public func differences(from before: StoreBytes) -> [String] {
        Set(files.keys).union(before.files.keys).filter { files[$0] != before.files[$0] }.sorted()
    }
}
