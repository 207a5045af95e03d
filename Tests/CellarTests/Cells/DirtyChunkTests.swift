import Cellar
import CellarTestSupport
import Testing

/// A checkpoint writes what changed and nothing else.
struct DirtyChunkTests {
    /// Chunks that the next checkpoint wrote after `change`.
    private func chunks(_ store: Store, _ change: () throws -> Void) throws -> UInt64 {
        try store.sync()
        try change()
        try store.sync()
        return try #require(try store.statistics().segment).lastCheckpointChunks
    }

    private static let perChunk = 8192

    @Test func onlyTheChunksOfTheRangeAreWritten() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let cells = try store.array("cells", of: Int.self, count: Self.perChunk * 20)
            #expect(try chunks(store) { cells[5] = 1 } == 1)
            #expect(try chunks(store) {} == 0)
            #expect(
                try chunks(store) {
                    cells[Self.perChunk] = 1
                    cells[Self.perChunk - 1] = 1
                } == 2)
            #expect(try chunks(store) { try cells.withLock(Self.perChunk * 3..<Self.perChunk * 5) { $0[0] = 1 } } == 2)
            #expect(try chunks(store) { try cells.withLock(Self.perChunk - 1..<Self.perChunk + 1) { $0[0] = 1 } } == 2)
            #expect(try chunks(store) { try cells.fill(3) } == 20)
            #expect(try chunks(store) { try cells.update(atomically: 100_000..<100_001) { $0[0] = 1 } } == 1)
            #expect(try chunks(store) { try cells.withLock(7..<7) { _ in } } == 0)
            #expect(try chunks(store) { cells.compareExchange(at: 0, expected: -1, desired: 0) } == 0)
            #expect(try chunks(store) { _ = try cells.values() } == 0)
            let again = try scratch.reboot().array("cells", of: Int.self)
            #expect(again[100_000] == 1 && again[100_001] == 3)
        }
    }

    @Test func valuesAreOnePieceEach() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let numbers = try (0..<100).map { try store.value("number \($0)", initial: 0) }
            let block = try store.value("block", initial: Checksummed(number: 1))
            #expect(try chunks(store) { numbers[7].add(1) } == 1)
            #expect(try chunks(store) { for number in numbers { number.store(5) } } == 100)
            #expect(try chunks(store) { try block.store(Checksummed(number: 2)) } == 1)
            #expect(try chunks(store) { try block.withLock { _ in } } <= 1)
            #expect(try chunks(store) { _ = try block.load() } == 0)
        }
    }

    @Test func volatileCellsAreNeverWritten() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let value = try store.value("value", initial: 0, persistence: .volatile)
            let cells = try store.array("cells", of: Int.self, count: 100_000, persistence: .volatile)
            #expect(
                try chunks(store) {
                    value.add(1)
                    try cells.fill(1)
                    try cells.update { $0[0] = 2 }
                    cells[99_999] = 3
                } == 0)
            #expect(try store.statistics().cellsOnDisk == 0)
        }
    }

    /// A cell of one's own to sync gives the same as the store's.
    @Test func syncOfACell() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let value = try store.value("value", initial: 0)
            let cells = try store.array("cells", of: Int.self, count: 10)
            value.store(3)
            try value.sync()
            cells[3] = 4
            try cells.sync()
            #expect(try store.statistics().segment?.isDirty == false)
            let again = try scratch.reboot()
            #expect(try again.value("value", of: Int.self).load() == 3)
            #expect(try again.array("cells", of: Int.self)[3] == 4)
        }
    }
}
