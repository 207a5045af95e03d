import CellarTestSupport
import Testing

@testable import Cellar

/// What somebody sees of how much goes on, who only looks.
struct LookingTests {
    @Test func storesAreCounted() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let triple = try store.value("triple", initial: Triple(0))
            _ = try store.value("word", initial: 1)
            _ = try store.array("array", of: Int.self, count: 3)
            let looker = try scratch.openReadOnly()
            let cell = try looker.cell("triple")
            let before = try #require(cell.storeCount)
            for number in 1...7 { try triple.store(Triple(number)) }
            #expect(cell.storeCount == before + 7)
            #expect(try looker.cell("word").storeCount == nil)
            #expect(try looker.cell("array").storeCount == nil)
        }
    }

    @Test func versionsOfParts() throws {
        try withScratchStore { scratch in
            let array = try scratch.open().array("array", of: Int.self, count: 20_000)
            let cell = try scratch.openReadOnly().cell("array")
            func versions() throws -> [CellVersion] { try [0..<8192, 8192..<16384, 16384..<20_000].map(cell.version) }
            let before = try versions()
            array[9000] = 1
            let after = try versions()
            #expect(zip(before, after).map { $0 == $1 } == [true, false, true])
            for range in [0..<0, 19_999..<20_001, -1..<1] {
                #expect(throws: StoreError.self) { _ = try cell.version(of: range) }
            }
        }
    }

    /// An entry that is replaced, removed or set anew: each time it is another version of one part.
    @Test func partsOfDictionaries() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let seen = try store.dictionary("seen", keys: Int.self, values: Int.self)
            for number in 0..<5000 { try seen.set(number, for: number) }
            let looker = try scratch.openReadOnly().untypedDictionary("seen")
            func versions() throws -> [CellVersion?] {
                try (0..<UntypedDictionary.partCount).map { try looker.version(ofPart: $0) }
            }
            var before = try versions()
            #expect(try versions() == before && before.allSatisfy { $0 != nil })
            let deeds: [() throws -> Void] = [
                { try seen.set(1, for: 7) }, { try seen.set(2, for: 7) }, { _ = try seen.removeValue(for: 7) },
                { try seen.set(1, for: 7) },
            ]
            for deed in deeds {
                try deed()
                let after = try versions()
                #expect(zip(before, after).count { $0 != $1 } == 1)
                before = after
            }
            #expect(throws: StoreError.self) { _ = try looker.version(ofPart: UntypedDictionary.partCount) }
            try store.remove("seen")
            #expect(throws: StoreError.self) { _ = try looker.version(ofPart: 0) }
        }
    }

    @Test func putsAreCounted() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let queue = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 4))
            let looker = try scratch.openReadOnly().untypedQueue("jobs")
            #expect(looker.putCount == 0)
            #expect(try looker.oldestPut() == nil)
            let start = MonotonicClock.wall() / 1_000_000
            for number in 1...9 {
                try queue.put(number)
                _ = try queue.get()
            }
            #expect(looker.putCount == 9)
            #expect(try looker.oldestPut() == nil)
            try queue.put(10)
            // The clock of items is a coarse one.
            #expect(try #require(try looker.oldestPut()) + 1000 >= start)
            // Of what only the disk has nobody counts.
            try store.sync()
            scratch.closeAll()
            try Store.discardSegment(of: scratch.path)
            let resting = try scratch.openReadOnly().untypedQueue("jobs")
            #expect(resting.putCount == nil)
            #expect(try resting.oldestPut() != nil)
        }
    }
}
