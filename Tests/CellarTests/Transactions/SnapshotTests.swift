import Cellar
import CellarTestSupport
import Synchronization
import Testing

/// Snapshots in one process: nothing is seen in part.
struct SnapshotTests {
    private typealias Pose = TransactedThings.Pose

    @Test func aSnapshotIsOfOneInstant() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try TransactedThings(store)
            var runs = 0
            let (count, pose, user) = try store.snapshot { snapshot in
                let count = try snapshot.load(things.count)
                runs += 1
                if runs == 1 {
                    try store.transaction { tx in
                        try things.change(tx, to: 2)
                        try things.changeTables(tx, to: 2)
                    }
                }
                if runs == 2 { try things.pose.store(Pose(x: 9, y: 9, z: 9)) }
                return (count, try snapshot.load(things.pose), try snapshot.value(for: "Ada", in: things.users))
            }
            #expect(runs >= 2)
            #expect(count == 2)
            #expect(pose == Pose(x: 9, y: 9, z: 9))
            #expect(user == "user 2")
            let looker = try scratch.openReadOnly()
            let seen = try looker.value("count", of: Int.self)
            let users: SharedTable<String, String> = try looker.table("users")
            try store.sync()
            let (again, name) = try looker.snapshot { (try $0.load(seen), try $0.value(for: "Ada", in: users)) }
            #expect(again == 2)
            #expect(name == "user 2")
            #expect(codeThrown { try looker.transaction { _ in } } == .readOnly)
        }
    }

    /// Of an array that an update is just being applied to, single elements were taken for what they still were: half of the
    /// update was seen. The array's sequence belongs to what is read.
    @Test func aSnapshotHasAllOfAnUpdate() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let array = try store.array("array", of: Int.self, count: 200_000)
            let isDone = Flag()
            let updates = background {
                for number in 1...150 { try array.update(atomically: nil) { $0.update(repeating: number) } }
                isDone.set()
            }
            while !isDone.isSet {
                let (first, last) = try store.snapshot { snapshot in
                    (try snapshot.load(array, at: 199_999), try snapshot.load(array, at: 0))
                }
                #expect(first == last)
            }
            try runTask { try await updates.value }
        }
    }
}

private final class Flag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
