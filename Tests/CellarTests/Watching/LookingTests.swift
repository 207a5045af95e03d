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
