import Cellar
import CellarTestSupport
import Testing

/// Dictionaries in one process: what a `Dictionary` of Swift's does, and what comes back from disk.
struct DictionaryTests {
    struct Pair: BitwiseCopyable, Hashable {
        var left: Int32
        var right: Int32
    }

    @Test func whatIsSetIsThere() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let ages = try store.dictionary("ages", keys: String.self, values: Int.self)
            #expect(try ages["Ada"] == nil)
            try ages.set(36, for: "Ada")
            try ages.set(41, for: "Alan")
            #expect(try ages["Ada"] == 36)
            try ages.set(37, for: "Ada")
            #expect(try ages["Ada"] == 37)
            #expect(try ages.count == 2)
            #expect(try ages.removeValue(for: "Ada") == 37)
            #expect(try ages.removeValue(for: "Ada") == nil)
            #expect(try ages["Ada"] == nil)
            #expect(try ages.count == 1)
            #expect(try ages.add(2, to: "Alan") == 41)
            #expect(try ages.add(5, to: "Grace") == 0)
            #expect(try ages["Alan"] == 43)
            #expect(try ages["Grace"] == 5)
        }
    }

    /// All kinds of keys and values, against Swift's own, through growth, removal, saving and loading.
    @Test func itIsAsSwiftsOwn() throws {
        var random = SeededRandom(for: "dictionaries")
        try Self.compare(
            &random, Int.self, Double.self, { Int.random(in: 0..<3000, using: &$0) }, { Double($0.next() % 1000) })
        try Self.compare(
            &random, String.self, Int.self, { "key \(UInt.random(in: 0..<2000, using: &$0))" },
            { Int($0.next() % 1000) })
        try Self.compare(
            &random, Pair.self, String.self,
            { Pair(left: Int32.random(in: 0..<40, using: &$0), right: Int32.random(in: 0..<40, using: &$0)) },
            { String(repeating: "x", count: Int.random(in: 0..<600, using: &$0)) })
        try Self.compare(
            &random, [UInt8].self, [UInt8].self,
            { [UInt8](repeating: UInt8.random(in: 0..<250, using: &$0), count: Int.random(in: 0..<9, using: &$0)) },
            { [UInt8](repeating: 7, count: Int.random(in: 0..<3000, using: &$0)) })
    }

    private static func compare<Key: Hashable & Sendable, Value: Equatable & Sendable>(
        _ random: inout SeededRandom, _ keys: Key.Type, _ values: Value.Type, _ key: (inout SeededRandom) -> Key,
        _ value: (inout SeededRandom) -> Value
    ) throws {
        try withScratchStore { scratch in
            var expected: [Key: Value] = [:]
            for round in 0..<3 {
                let store = try scratch.open()
                let dictionary: SharedDictionary<Key, Value> = try Self.dictionary(store)
                for _ in 0..<3000 {
                    let key = key(&random)
                    if Int.random(in: 0..<3, using: &random) == 0 {
                        #expect(try dictionary.removeValue(for: key) == expected.removeValue(forKey: key))
                    } else {
                        let value = value(&random)
                        try dictionary.set(value, for: key)
                        expected[key] = value
                    }
                }
                #expect(try dictionary.count == expected.count)
                for (key, value) in expected { #expect(try dictionary[key] == value) }
                #expect(try Self.all(dictionary) == expected)
                #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
                try store.sync()
                store.close()
                if round < 2 { try Store.discardSegment(of: scratch.path) }
                let looking = try scratch.openReadOnly()
                let seen: SharedDictionary<Key, Value> = try Self.dictionary(looking)
                #expect(try seen.count == expected.count)
                #expect(try Self.all(seen) == expected)
                for (key, value) in expected.prefix(100) { #expect(try seen[key] == value) }
                looking.close()
            }
            let report = try Store.check(scratch.path)
            #expect(report.findings.filter { $0.kind == .damaged } == [])
        }
    }

    private static func dictionary<Key: Sendable, Value: Sendable>(_ store: Store) throws -> SharedDictionary<
        Key, Value
    > {
        if Key.self == Int.self {
            return try store.dictionary("d", keys: Int.self, values: Double.self) as! SharedDictionary<Key, Value>
        }
        if Key.self == String.self {
            return try store.dictionary("d", keys: String.self, values: Int.self) as! SharedDictionary<Key, Value>
        }
        if Key.self == Pair.self {
            return try store.dictionary("d", keys: Pair.self, values: String.self) as! SharedDictionary<Key, Value>
        }
        return try store.dictionary("d", keys: [UInt8].self, values: [UInt8].self) as! SharedDictionary<Key, Value>
    }

    private static func all<Key: Hashable & Sendable, Value: Sendable>(
        _ dictionary: SharedDictionary<Key, Value>
    ) throws -> [Key: Value] {
        var found: [Key: Value] = [:]
        var twice = 0
        try dictionary.forEach { (key, value) throws(StoreError) in
            if found.updateValue(value, forKey: key) != nil { twice += 1 }
            return true
        }
        #expect(twice == 0)
        return found
    }

    @Test func removedOnesAreGoneFromDiskToo() throws {
        try withScratchStore { scratch in
            var store = try scratch.open()
            var dictionary = try store.dictionary("d", keys: Int.self, values: Int.self)
            for index in 0..<500 { try dictionary.set(index, for: index) }
            try store.sync()
            for index in 0..<500 where index % 2 == 0 { try dictionary.removeValue(for: index) }
            try store.sync()
            store.close()
            try Store.discardSegment(of: scratch.path)
            store = try scratch.open()
            dictionary = try store.dictionary("d", keys: Int.self, values: Int.self)
            #expect(try dictionary.count == 250)
            #expect(try dictionary.keys().sorted() == (0..<500).filter { $0 % 2 == 1 })
            try store.rename("d", to: "e")
            try store.remove("e")
            try store.sync()
            #expect(try store.dictionary("d", keys: Int.self, values: Int.self).count == 0)
            #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged } == [])
        }
    }

    @Test func othersAreToldApart() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            _ = try store.dictionary("d", keys: Int.self, values: Int.self)
            _ = try store.value("v", initial: 1)
            #expect(throws: StoreError.self) { try store.dictionary("d", keys: String.self, values: Int.self) }
            #expect(throws: StoreError.self) { try store.dictionary("v", keys: Int.self, values: Int.self) }
            #expect(throws: StoreError.self) { try store.value("d", of: Int.self) }
            #expect(throws: StoreError.self) {
                try store.dictionary("d", keys: Int.self, values: Int.self, expires: true)
            }
            struct Gap: BitwiseCopyable { var a: Int8 = 0, b: Int64 = 0 }
            #expect(throws: StoreError.self) { try store.dictionary("g", keys: Gap.self, values: Int.self) }
            #expect(try store.cells().map(\.kind) == [.dictionary, .value])
        }
    }

    @Test func entriesExpire() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let cache = try store.dictionary("cache", keys: String.self, values: Int.self, expires: true)
            try cache.set(1, for: "gone", timeToLive: .zero)
            try cache.set(2, for: "kept", timeToLive: .seconds(3600))
            try cache.set(3, for: "for ever")
            #expect(try cache["gone"] == nil)
            #expect(try cache["kept"] == 2)
            #expect(try cache["for ever"] == 3)
            #expect(try cache.keys().sorted() == ["for ever", "kept"])
        }
    }

    /// Setting keys that were there already let go of others.
    @Test func changingWhatIsThereEvictsNothing() throws {
        try withScratchStore { scratch in
            let cache = try scratch.open().dictionary("cache", keys: Int.self, values: Int.self, capacity: 32)
            for key in 0..<2000 { try cache.set(key, for: key) }
            let kept = try cache.keys()
            for round in 0..<5 { for key in kept { try cache.set(round, for: key) } }
            #expect(try Set(cache.keys()) == Set(kept))
        }
    }

    @Test func whatIsOnDiskOnlyCannotBeReadAfterClosing() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            try store.dictionary("d", keys: Int.self, values: Int.self).set(1, for: 1)
            try store.sync()
            store.close()
            try Store.discardSegment(of: scratch.path)
            let again = try scratch.open()
            let dictionary = try again.dictionary("d", keys: Int.self, values: Int.self)
            again.close()
            #expect(throws: StoreError.self) { try dictionary[1] }
        }
    }

    @Test func aLimitIsKept() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let cache = try store.dictionary("cache", keys: Int.self, values: Int.self, capacity: 320)
            for index in 0..<5000 {
                try cache.set(index, for: index)
                // What is read all the time stays.
                if index > 0 { #expect(try cache[0] == 0) }
            }
            let count = try cache.count
            #expect(count <= 320 && count > 200)
        }
    }

    @Test func anUpdateThatThrowsChangesNothing() throws {
        struct Refusal: Error {}
        try withScratchStore { scratch in
            let store = try scratch.open()
            let dictionary = try store.dictionary("d", keys: Int.self, values: String.self)
            try dictionary.set("old", for: 1)
            #expect(throws: Refusal.self) {
                try dictionary.update(1) { value in
                    value = "new"
                    throw Refusal()
                }
            }
            #expect(try dictionary[1] == "old")
            #expect(try dictionary.update(1) { value in value.take() } == "old")
            #expect(try dictionary[1] == nil)
            #expect(try dictionary.compareExchange(1, expected: nil, desired: "a").exchanged)
            #expect(try !dictionary.compareExchange(1, expected: "b", desired: "c").exchanged)
            #expect(throws: StoreError.self) { try dictionary.set(String(repeating: "x", count: 40_000), for: 2) }
            #expect(try dictionary[1] == "a")
        }
    }

    /// Values of the simple kind are changed where they lie: made, changed, left, removed, as those of any length are.
    @Test func plainValuesAreUpdated() throws {
        struct Refusal: Error {}
        struct Total: BitwiseCopyable, Sendable, Equatable { var sum = 0, count = 0, isOdd = false }
        try withScratchStore { scratch in
            let dictionary = try scratch.open().dictionary("d", keys: Int.self, values: Total.self)
            // Many more than are made at first: buckets are divided on the way.
            for number in 0..<20_000 {
                let isThere = try dictionary.update(number % 5_000) { value in
                    defer { value = Total(sum: (value?.sum ?? 0) + number, count: (value?.count ?? 0) + 1, isOdd: true) }
                    return value != nil
                }
                #expect(isThere == (number >= 5_000))
            }
            for key in 0..<5_000 {
                #expect(try dictionary[key] == Total(sum: 4 * key + 5_000 * 6, count: 4, isOdd: true))
            }
            let seen = try dictionary.version()
            try dictionary.update(7) { value in value = value.map { $0 } }
            try dictionary.update(-1) { value in #expect(value == nil) }
            #expect(throws: Refusal.self) {
                try dictionary.update(7) { value in
                    value?.sum = 0
                    throw Refusal()
                }
            }
            #expect(try dictionary.version() == seen)
            #expect(try dictionary.update(7) { value in value.take()?.count } == 4)
            #expect(try dictionary[7] == nil && dictionary.count == 4_999)
            #expect(try Store.check(scratch.path).findings.filter { $0.kind == .damaged }.isEmpty)
        }
    }

    /// A checkpoint came while an entry was being changed under its part's lock. It wrote the other parts, and threw before it
    /// had noted how many entries they have on disk: after a restart the dictionary counted too few.
    @Test func aCheckpointThatMissesALockCountsWhatItWrote() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let dictionary = try store.dictionary("d", keys: Int.self, values: Int.self)
            for key in 0..<200 { try dictionary.set(key, for: key) }
            try dictionary.update(0) { value in
                #expect(throws: StoreError.self) { try store.sync(timeout: .milliseconds(100)) }
                value = 1000
            }
            try store.sync()
            store.close()
            try Store.discardSegment(of: scratch.path)
            #expect(try Store.check(scratch.path).findings == [])
            let again = try scratch.open().dictionary("d", keys: Int.self, values: Int.self)
            #expect(try again.count == 200)
            #expect(try again[0] == 1000)
        }
    }

    @Test func changesAreTold() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let dictionary = try store.dictionary("d", keys: Int.self, values: Int.self, persistence: .volatile)
            let version = try dictionary.version()
            #expect(try dictionary.wait(after: version, timeout: .zero) == nil)
            try dictionary.set(1, for: 1)
            let next = try #require(try dictionary.wait(after: version, timeout: .seconds(10)))
            #expect(try dictionary.wait(after: next, timeout: .zero) == nil)
            try runTask {
                var changes = try dictionary.changes.makeAsyncIterator()
                #expect(try await changes.next() != nil)
                try dictionary.removeValue(for: 1)
                #expect(try await changes.next() != nil)
                try store.remove("d")
                #expect(try await changes.next() == nil)
            }
        }
    }
}
