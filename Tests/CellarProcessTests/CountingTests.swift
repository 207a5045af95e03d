import Cellar
import CellarTestSupport
import Testing

extension ProcessTests {
    /// Many processes change one value: no change is lost.
    @Suite struct Counting {
        @Test func eightProcessesAddAMillionEach() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let hits = try store.value("hits", initial: 0)
                try addAll(scratch, (0..<8).map { _ in try scratch.worker("add", "hits", 1_000_000) })
                #expect(hits.load() == 8_000_000)
                #expect(try scratch.reboot().value("hits", of: Int.self).load() == 8_000_000)
            }
        }

        @Test func neighbouringNarrowElementsDoNotDisturbEachOther() throws {
            try withScratchStore { scratch in
                let cells = try scratch.open().array("narrow", of: UInt16.self, count: 16)
                try addAll(scratch, (0..<4).map { _ in try scratch.worker("add-elements", 160_000) })
                #expect(try cells.values() == [UInt16](repeating: 40_000, count: 16))
            }
        }

        @Test func aLockLetsNoChangeOfALargeValueGetLost() throws {
            try withScratchStore { scratch in
                let triple = try scratch.open().value("triple", initial: Triple(0))
                try addAll(scratch, (0..<4).map { _ in try scratch.worker("lock-add", 20_000) })
                #expect(try triple.load() == Triple(80_000))
            }
        }

        private func addAll(_ scratch: ScratchStore, _ workers: [Worker]) throws {
            for worker in workers { try worker.expect("ready") }
            for worker in workers { worker.send() }
            for worker in workers { try worker.expect("done", seconds: 290) }
            scratch.endWorkers()
        }
    }

    /// Readers take no lock, and what they read is whole all the same.
    @Suite struct Reading {
        @Test func noReadIsTornWhileTwoWritersHammer() throws {
            try withScratchStore(seconds: 600) { scratch in
                let writers = try [1, 2].map { try scratch.worker("hammer", $0) }
                let reader = try scratch.worker("read-checked", 10_000_000)
                for worker in writers + [reader] { try worker.expect("ready") }
                for worker in writers + [reader] { worker.send() }
                try reader.expect("torn 0", seconds: 590)
                let changes = try reader.line().split(separator: " ").last.flatMap { Int($0) } ?? 0
                #expect(changes > 100, "the reader must have seen the writers at work")
            }
        }
    }
}
