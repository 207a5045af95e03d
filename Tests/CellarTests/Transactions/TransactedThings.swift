import Cellar
import CellarTestSupport
import Testing

/// One of each kind of thing that a transaction changes.
struct TransactedThings {
    struct Pose: BitwiseCopyable, Equatable {
        var x: Double
        var y: Double
        var z: Double
    }

    var count: SharedValue<Int>
    var pose: SharedValue<Pose>
    var bytes: SharedArray<UInt8>
    var poses: SharedArray<Pose>
    var ages: SharedDictionary<String, Int>
    var names: SharedDictionary<Int, String>
    var users: SharedTable<String, String>
    var tags: SharedMultimap<String, Int>

    init(_ store: Store) throws {
        count = try store.value("count", initial: 1)
        pose = try store.value("pose", initial: Pose(x: 1, y: 1, z: 1))
        bytes = try store.array("bytes", count: 100)
        poses = try store.array("poses", count: 3000)
        ages = try store.dictionary("ages")
        names = try store.dictionary("names")
        users = try store.table("users")
        tags = try store.multimap("tags")
    }

    func change(_ tx: borrowing Transaction, to number: Int) throws {
        let pose = Pose(x: Double(number), y: 0, z: 0)
        try tx.store(number, to: count)
        try tx.store(pose, to: self.pose)
        try tx.store(UInt8(number), to: bytes, at: 7)
        // One that lies in two chunks.
        try tx.store(pose, to: poses, at: 2730)
        try tx.set(number, for: "Ada", in: ages)
        try tx.set(String(repeating: "n", count: number * 100), for: 5, in: names)
    }

    func changeTables(_ tx: borrowing Transaction, to number: Int) throws {
        try tx.set("user \(number)", for: "Ada", in: users)
        try tx.write(tags) { (batch) throws(StoreError) in _ = try batch.insert(number, for: "Ada") }
    }

    func expect(_ number: Int, tables: Bool, _ location: SourceLocation = #_sourceLocation) throws {
        let pose = Pose(x: Double(number), y: 0, z: 0)
        #expect(count.load() == number, sourceLocation: location)
        #expect(try self.pose.load() == pose, sourceLocation: location)
        #expect(try bytes.load(at: 7) == UInt8(number), sourceLocation: location)
        #expect(try poses.load(at: 2730) == pose, sourceLocation: location)
        #expect(try ages["Ada"] == number, sourceLocation: location)
        #expect(try names[5]?.count == number * 100, sourceLocation: location)
        if tables {
            #expect(try users.value(for: "Ada") == "user \(number)", sourceLocation: location)
            #expect(try tags.contains(number, for: "Ada"), sourceLocation: location)
        }
    }
}
