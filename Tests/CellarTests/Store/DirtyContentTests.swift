import Cellar
import CellarTestSupport
import Testing

/// What statistics tell of what waits for a checkpoint.
struct DirtyContentTests {
    @Test func whatWaitsForACheckpoint() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let word = try store.value("word", initial: 0)
            let numbers = try store.array("numbers", of: Int.self, count: 10_000)
            try store.sync()
            #expect(try store.statistics().segment?.dirtyCells == 0)
            word.store(1)
            numbers[9_999] = 1
            let segment = try #require(try store.statistics().segment)
            #expect(segment.dirtyCells == 2)
            // The last of two chunks of 64 KiB has what is left.
            #expect(segment.dirtyBytes == 8 + 80_000 - 65_536)
            #expect(segment.lastCheckpointEnded > 0)
        }
    }
}
