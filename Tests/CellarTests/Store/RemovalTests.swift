import Cellar
import CellarTestSupport
import Testing

/// Bugs that a review of the write paths found, each with its story.
struct RemovalTests {
    /// A removed cell keeps its slot in the directory until the disk has forgotten it. The directory's growth counted
    /// only living cells, so a program that made and removed cells of ever new names faster than checkpoints came filled
    /// the table to the last slot, and the next name was looked for a place for ever, under the catalogue's lock.
    @Test func manyNamesThatComeAndGo() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            for index in 0..<3_000 {
                _ = try store.value("passing \(index)", initial: index)
                try store.remove("passing \(index)")
            }
            #expect(try store.value("last", initial: 7).load() == 7)
            try store.sync()
            #expect(try store.cells().map(\.name) == ["last"])
        }
    }

    /// A persistent cell was removed, and before the disk knew, a volatile one of its name made and removed: that dropped
    /// the name, and the old cell was found on disk again.
    @Test func aVolatileCellOverAPendingRemoval() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            _ = try store.value("name", initial: 1)
            try store.sync()
            try store.remove("name")
            _ = try store.value("name", initial: 2, persistence: .volatile)
            try store.remove("name")
            #expect(try store.contains("name") == false)
            #expect(throws: StoreError.self) { try store.value("name", of: Int.self) }
            try store.sync()
            #expect(try store.contains("name") == false)
        }
    }

    /// Closing gave the process's place back at once, so the memory of a removed cell was used again while a handle of
    /// the closed store could still write to it.
    @Test func aHandleThatOutlivesItsStoreWritesToNoSuccessor() throws {
        try withScratchStore { scratch in
            let first = try scratch.openQuiet()
            let old = try first.value("old", initial: 1)
            try first.remove("old")
            try first.sync()
            scratch.closeAll()
            let second = try scratch.openQuiet()
            for index in 0..<50 {
                _ = try second.value("gone \(index)", initial: 0)
                try second.remove("gone \(index)")
                _ = try second.value("new \(index)", initial: 100)
            }
            old.add(5)
            for index in 0..<50 { #expect(try second.value("new \(index)", of: Int.self).load() == 100) }
            #expect(old.isRemoved)
        }
    }

    /// The longest interval overflowed the checkpointer's clock.
    @Test func anIntervalBeyondAllTimes() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.checkpointInterval = .seconds(Int64.max) }
            _ = try store.value("a", initial: 1)
            try store.sync()
            #expect(try store.statistics().segment?.isDirty == false)
        }
    }
}
