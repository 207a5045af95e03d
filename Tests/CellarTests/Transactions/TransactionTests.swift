import Cellar
import CellarTestSupport
import Synchronization
import Testing

/// Transactions and snapshots in one process: what they change, what they see, and when they refuse.
struct TransactionTests {
    struct Pose: BitwiseCopyable, Equatable {
        var x: Double
        var y: Double
        var z: Double
    }
    private struct Refusal: Error {}

    /// One of each kind of thing.
    private struct Things {
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

    @Test(arguments: [TransactionDurability.memory, .disk])
    func allOfItIsThereAfterwards(_ durability: TransactionDurability) throws {
        try withScratchStore { scratch in
            let things = try Things(try scratch.open())
            let store = try scratch.open()
            let returned = try store.transaction(durability: durability) { tx in
                try things.change(tx, to: 7)
                #expect(things.count.load() == 1)
                #expect(try things.ages["Ada"] == nil)
                // It sees itself.
                #expect(try tx.load(things.count) == 7)
                #expect(try tx.load(things.pose).x == 7)
                #expect(try tx.load(things.bytes, at: 7) == 7)
                #expect(try tx.load(things.bytes, at: 8) == 0)
                #expect(try tx.load(things.poses, at: 2730).x == 7)
                #expect(try tx.value(for: "Ada", in: things.ages) == 7)
                #expect(try tx.value(for: 5, in: things.names)?.count == 700)
                return "done"
            }
            #expect(returned == "done")
            try things.expect(7, tables: false)
            try store.transaction(durability: durability) { tx in
                try things.change(tx, to: 8)
                try things.changeTables(tx, to: 8)
                #expect(try tx.value(for: "Ada", in: things.users) == "user 8")
            }
            try things.expect(8, tables: true)
            try Things(try scratch.reboot()).expect(8, tables: true)
        }
    }

    /// With `.disk`, or with a table, all of it is on disk at once, though no checkpoint came by.
    @Test(arguments: [false, true])
    func whatIsOnDiskComesBackWithoutACheckpoint(_ usesTables: Bool) throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let things = try Things(store)
            try store.transaction { tx in try things.change(tx, to: 3) }
            try store.transaction(durability: usesTables ? .memory : .disk) { tx in
                try tx.store(4, to: things.count)
                if usesTables { try things.changeTables(tx, to: 3) }
            }
            let image = try scratch.copyOfDisk()
            let copy = try Things(try scratch.open(at: image))
            // What the first changed comes along: otherwise the disk would have a part of it.
            #expect(copy.count.load() == 4)
            #expect(try copy.pose.load().x == 3)
            #expect(try copy.bytes.load(at: 7) == 3)
            #expect(try copy.poses.load(at: 2730).x == 3)
            #expect(try copy.ages["Ada"] == 3)
            #expect(try copy.names[5]?.count == 300)
            #expect(try copy.users.value(for: "Ada") == (usesTables ? "user 3" : nil))
        }
    }

    @Test(arguments: [TransactionDurability.memory, .disk])
    func anErrorUndoesTheWhole(_ durability: TransactionDurability) throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try Things(store)
            try store.transaction { tx in
                try things.change(tx, to: 1)
                try things.changeTables(tx, to: 1)
            }
            #expect(throws: Refusal.self) {
                try store.transaction(durability: durability) { tx in
                    try things.change(tx, to: 2)
                    try things.changeTables(tx, to: 2)
                    throw Refusal()
                }
            }
            try things.expect(1, tables: true)
            #expect(try !things.tags.contains(2, for: "Ada"))
            try store.transaction(durability: durability) { tx in try things.change(tx, to: 3) }
            try things.expect(3, tables: false)
        }
    }

    /// Later changes of one place take the place of earlier ones, of whatever size, few or many.
    @Test func theLastChangeCounts() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let names: SharedDictionary<Int, String> = try store.dictionary("names")
            let values = try store.array("values", of: Int.self, count: 500)
            try store.transaction { tx in
                for round in 1...5 {
                    for key in 0..<60 {
                        try tx.set(String(repeating: "x", count: round * 7), for: key, in: names)
                        try tx.store(round, to: values, at: key)
                    }
                    for key in stride(from: 0, to: 60, by: 2) {
                        #expect(try tx.removeValue(for: key, in: names)?.count == round * 7)
                        #expect(try tx.removeValue(for: key, in: names) == nil)
                    }
                }
                #expect(try tx.value(for: 3, in: names)?.count == 35)
            }
            #expect(try names.count == 30)
            for key in 0..<60 { #expect(try names[key]?.count == (key % 2 == 0 ? nil : 35)) }
            #expect(try values.values(in: 0..<61) == [Int](repeating: 5, count: 60) + [0])
        }
    }

    /// What somebody changes outside of transactions while one runs is not lost: it runs again.
    @Test func whatWasReadIsLookedAtOnceMore() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try Things(store)
            var runs = 0
            try store.transaction { tx in
                let old = try tx.load(things.count)
                let age = try tx.value(for: "Ada", in: things.ages) ?? 0
                runs += 1
                if runs == 1 { things.count.add(10) }
                if runs == 2 { try things.ages.set(100, for: "Ada") }
                try tx.store(old + 1, to: things.count)
                try tx.set(age + 1, for: "Ada", in: things.ages)
            }
            #expect(runs == 3)
            #expect(things.count.load() == 12)
            #expect(try things.ages["Ada"] == 101)
        }
    }

    @Test func aSnapshotIsOfOneInstant() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try Things(store)
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

    /// Who watches something that a transaction changes is told, tables included.
    @Test func watchersAreTold() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try Things(store)
            let count = try things.count.versioned()
            let (users, ages) = (try things.users.version(), try things.ages.version())
            try store.transaction { tx in
                try tx.store(2, to: things.count)
                try tx.set(2, for: "Ada", in: things.ages)
                try tx.set("Ada", for: "Ada", in: things.users)
            }
            #expect(try things.count.wait(after: count.version, timeout: .zero)?.value == 2)
            #expect(try things.ages.wait(after: ages, timeout: .zero) != nil)
            #expect(try things.users.wait(after: users, timeout: .zero) != nil)
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

    /// Entries that come and go in one transaction, in buckets that fill and empty, as in a dictionary of Swift's.
    @Test func manyEntriesAtATime() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "entries in transactions")
            let store = try scratch.open()
            let plain: SharedDictionary<Int, Pose> = try store.dictionary("plain")
            let texts: SharedDictionary<String, String> = try store.dictionary("texts")
            var expected: [Int: Int] = [:]
            for _ in 0..<120 {
                // Drawn beforehand, since the body may run again.
                let isGrowing = random.next() % 2 == 0
                let changes: [(key: Int, number: Int?)] = (0..<Int.random(in: 1...150, using: &random)).map { _ in
                    let isRemoved = isGrowing ? random.next() % 4 == 0 : random.next() % 4 != 0
                    let number = Int.random(in: 0..<900, using: &random)
                    return (Int.random(in: 0..<400, using: &random), isRemoved ? nil : number)
                }
                for (key, number) in changes { expected[key] = number }
                try store.transaction(durability: random.next() % 8 == 0 ? .disk : .memory) { tx in
                    for (key, number) in changes {
                        guard let number else {
                            try tx.removeValue(for: key, in: plain)
                            try tx.removeValue(for: "key \(key)", in: texts)
                            continue
                        }
                        try tx.set(Pose(x: Double(number), y: 0, z: 0), for: key, in: plain)
                        try tx.set(String(repeating: "t", count: number), for: "key \(key)", in: texts)
                    }
                }
                #expect(try plain.count == expected.count)
            }
            for key in 0..<400 {
                #expect(try plain[key]?.x == expected[key].map { Double($0) })
                #expect(try texts["key \(key)"]?.utf8.count == expected[key])
            }
            scratch.closeAll()
            #expect(try Store.check(scratch.path).isWhole)
        }
    }

    /// After a restart only the disk has a dictionary's entries: a transaction brings in what it looks for, inside the
    /// database's own as well.
    @Test(arguments: [TransactionDurability.memory, .disk])
    func whatOnlyTheDiskHas(_ durability: TransactionDurability) throws {
        try withScratchStore { scratch in
            let first: SharedDictionary<Int, String> = try scratch.open().dictionary("texts")
            for key in 0..<500 { try first.set("old \(key)", for: key) }
            let store = try scratch.reboot()
            let texts: SharedDictionary<Int, String> = try store.dictionary("texts")
            try store.transaction(durability: durability) { tx in
                for key in 0..<100 {
                    #expect(try tx.value(for: key, in: texts) == "old \(key)")
                    try tx.set("new \(key)", for: key, in: texts)
                    try tx.removeValue(for: key + 100, in: texts)
                    // Not looked for before.
                    try tx.set("new \(key)", for: key + 200, in: texts)
                }
            }
            #expect(try texts.count == 400)
            let again: SharedDictionary<Int, String> = try scratch.reboot().dictionary("texts")
            #expect(try again.count == 400)
            for key in 0..<500 {
                let expected =
                    key < 100 ? "new \(key)" : key < 200 ? nil : key < 300 ? "new \(key - 200)" : "old \(key)"
                #expect(try again[key] == expected)
            }
        }
    }

    /// A dictionary with a limit keeps to it, however many entries come at a time.
    @Test func aLimitHolds() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let cache: SharedDictionary<Int, Int> = try store.dictionary("cache", capacity: 640)
            for key in 0..<2000 { try cache.set(key, for: key) }
            #expect(try cache.count <= 640)
            try store.transaction { tx in for key in 3000..<3200 { try tx.set(key, for: key, in: cache) } }
            #expect(try cache.count <= 640)
        }
    }

    // MARK: Refusals

    @Test func nestedCallsAreRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try Things(store)
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
            let things = try Things(store)
            try store.remove("count")
            try store.remove("ages")
            #expect(codeThrown { try store.transaction { tx in try tx.store(2, to: things.count) } } == .removed)
            #expect(codeThrown { try store.transaction { tx in try tx.set(2, for: "x", in: things.ages) } } == .removed)
        }
    }

    @Test func aLockThatIsHeldEndsIt() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.lockTimeout = .milliseconds(50) }
            let things = try Things(store)
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

    /// More pieces than the lists for the disk hold: then the disk gets them with the transaction.
    @Test func fullListsAreEmptied() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let values = try store.array("values", of: Int.self, count: 100_000)
            try store.sync()
            for start in stride(from: 0, to: 30_000, by: 2000) {
                try store.transaction { tx in
                    for index in start..<start + 2000 { try tx.store(index + 1, to: values, at: index) }
                }
            }
            #expect(try values.values(in: 0..<30_000) == Array(1...30_000))
            #expect(try Store.check(scratch.path).isWhole)
            scratch.closeAll()
            let back = try scratch.open().array("values", of: Int.self)
            #expect(try back.values(in: 0..<30_001) == Array(1...30_000) + [0])
        }
    }

    /// A cell that the disk does not know of by name yet gets there together with what is changed in it.
    @Test func newCellsGoToDiskWithTheirChanges() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let old = try store.value("old", initial: 0)
            try store.sync()
            let new = try store.value("new", initial: 0)
            try store.transaction(durability: .disk) { tx in
                try tx.store(1, to: old)
                try tx.store(1, to: new)
            }
            let copy = try scratch.open(at: try scratch.copyOfDisk())
            #expect(try copy.value("old", of: Int.self).load() == 1)
            #expect(try copy.value("new", of: Int.self).load() == 1)
        }
    }
}

private final class Flag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
