import Cellar
import CellarTestSupport
import Testing

/// What transactions refuse, with everything as it was.
struct TransactionRefusalTests {
    private typealias Pose = TransactedThings.Pose

    @Test func nestedCallsAreRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try TransactedThings(store)
            try store.transaction { tx in
                try tx.store(5, to: things.count)
                #expect(codeThrown { try store.transaction { _ in } } == .inUse)
                #expect(codeThrown { try things.users.set("x", for: "y") } == .inUse)
                #expect(codeThrown { try store.sync() } == .inUse)
            }
            #expect(things.count.load() == 5)
            try things.users.write { (_) throws(StoreError) in
                #expect(codeThrown { try store.transaction { _ in } } == .inUse)
            }
            try store.transaction(durability: .disk) { _ in
                #expect(codeThrown { try store.transaction { _ in } } == .inUse)
            }
        }
    }

    @Test func anotherStoresThingsAreRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let other = try scratch.open(at: scratch.directory + "/other")
            let value = try other.value("value", initial: 1)
            #expect(codeThrown { try store.transaction { tx in try tx.store(2, to: value) } } == .mismatch)
            #expect(codeThrown { _ = try store.snapshot { try $0.load(value) } } == .mismatch)
            #expect(value.load() == 1)
        }
    }

    @Test func whatIsRemovedCannotBeChanged() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try TransactedThings(store)
            try store.remove("count")
            try store.remove("ages")
            #expect(codeThrown { try store.transaction { tx in try tx.store(2, to: things.count) } } == .removed)
            #expect(codeThrown { try store.transaction { tx in try tx.set(2, for: "x", in: things.ages) } } == .removed)
        }
    }

    @Test func aLockThatIsHeldEndsIt() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.lockTimeout = .milliseconds(50) }
            let things = try TransactedThings(store)
            try things.pose.withLock { _ in
                #expect(codeThrown { try store.transaction { tx in try things.change(tx, to: 9) } } == .timedOut)
            }
            #expect(things.count.load() == 1)
            try store.transaction { tx in try things.change(tx, to: 9) }
            try things.expect(9, tables: false)
        }
    }

    /// The kernel gives back 2,048 locks of a thread that is killed, and no more: who could hold more would keep the rest for ever.
    @Test func tooManyLocksAreRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let poses = try (0..<2000).map { try store.value("pose \($0)", initial: Pose(x: 0, y: 0, z: 0)) }
            func move(_ count: Int) throws {
                try store.transaction { tx in
                    for pose in poses[..<count] { try tx.store(Pose(x: 1, y: 1, z: 1), to: pose) }
                }
            }
            #expect(codeThrown { try move(2000) } == .limitReached)
            #expect(try poses[0].load().x == 0)
            try move(1900)
            #expect(try poses[1899].load().x == 1)
        }
    }
}
