import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What happens to locks whose holders are stopped or die.
    @Suite struct Locks {
        /// LMDB's own lock for writers has no limit. A process that was stopped in a transaction kept every other writer,
        /// and every checkpoint and the closing of a store behind it, for as long as it was stopped.
        @Test func aStoppedWriterOfATableHindersNobodyForEver() throws {
            try withScratchStore { scratch in
                // Without passes of its own: one that took longer than the locks' limit, on a busy disk, would hinder
                // what is only the preparation.
                let store = try scratch.open {
                    $0.lockTimeout = .milliseconds(100)
                    $0.checkpointInterval = .seconds(3600)
                }
                try store.sync()
                let table = try store.table("numbers", keys: Int.self, values: Int.self)
                try table.set(1, for: 1)
                let worker = try scratch.worker("hold-table", "numbers")
                try worker.expect("holding")
                worker.signal(SIGSTOP)
                #expect(codeThrown { try table.set(2, for: 2) } == .timedOut)
                try store.value("word", initial: 0).store(5)
                #expect(codeThrown { try store.sync(timeout: .milliseconds(100)) } == .timedOut)
                #expect(try table.value(for: 1) == 1)
                scratch.closeAll()
                worker.kill()
                let again = try scratch.open()
                #expect(try again.table("numbers", keys: Int.self, values: Int.self).scan().map(\.value) == [1])
                #expect(try again.value("word", of: Int.self).load() == 5)
                try again.sync()
            }
        }

        @Test func aStoppedHolderIsNamed() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let triple = try store.value("triple", initial: Triple(1))
                let cells = try store.array("numbers", of: Int.self, count: 1000)
                _ = try store.value("word", initial: 1)
                let workers = [
                    try scratch.worker("hold-value"), try scratch.worker("hold-word"),
                    try scratch.worker("hold-array", 0, 1000, 5),
                ]
                for worker in workers {
                    try worker.expect("holding")
                    worker.signal(SIGSTOP)
                }
                let word = try store.value("word", of: Int.self)
                expectTimeout(workers[0]) { try triple.withLock(timeout: .milliseconds(50)) { $0 = Triple(2) } }
                expectTimeout(workers[1]) { try word.withLock(timeout: .milliseconds(50)) { $0 = 2 } }
                expectTimeout(workers[2]) { try cells.withLock(timeout: .milliseconds(50)) { $0[0] = 2 } }
                expectTimeout(workers[2]) { try cells.update(timeout: .milliseconds(50)) { $0[0] = 2 } }
                // Reading goes on, and so does what needs no lock.
                #expect(try triple.load() == Triple(1))
                #expect(word.add(1) == 1)
                cells[999] = 7
                #expect(cells[999] == 7)
                // The array cannot be checkpointed while it is held; the rest can.
                let error = storeError { try store.sync(timeout: .milliseconds(200)) }
                #expect(error?.code == .timedOut)
                for worker in workers {
                    worker.signal(SIGCONT)
                    worker.send()
                }
                try workers[0].expect("released")
                try workers[2].expect("released")
                #expect(try triple.load() == Triple(99))
                #expect(try cells.values() == [Int](repeating: 5, count: 1000))
                try store.sync()
                scratch.endWorkers()
                let after = try scratch.reboot()
                #expect(try after.array("numbers", of: Int.self).values() == [Int](repeating: 5, count: 1000))
                #expect(try after.value("triple", of: Triple.self).load() == Triple(99))
            }
        }

        private struct NotNow: Error {}

        private static func refuse(_ span: inout MutableSpan<Int>, _ range: Range<Int>) throws { throw NotNow() }

        /// What a repair was given.
        private final class Found {
            var range = 0..<0
            var elements: [Int] = []

            func repair(_ span: inout MutableSpan<Int>, _ torn: Range<Int>) {
                range = torn
                elements = [span.count, span[0], span[span.count - 1]]
                span.update(repeating: 2)
            }
        }

        private func expectTimeout(_ worker: Worker, _ body: () throws -> Void) {
            let error = storeError(body)
            let message = error?.message ?? ""
            #expect(error?.code == .timedOut)
            #expect(message.contains("worker-\(worker.processID)") && message.contains("pid \(worker.processID)"))
        }

        /// A checkpoint never holds half of a bulk write, and whoever locks next is told.
        @Test func aHolderThatDiesInABulkWrite() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let count = 40_000
                let cells = try store.array("numbers", of: Int.self, count: count)
                try cells.fill(1)
                try store.sync()
                let worker = try scratch.worker("hold-array", 10_000, 30_000, 2)
                try worker.expect("holding")
                #expect(cells[10_000] == 2 && cells[25_000] == 1, "readers without the lock see the work")
                worker.kill()
                cells[0] = 3
                let syncError = storeError { try store.sync() }
                #expect(syncError?.code == .ownerDied)
                // All are told, until somebody repairs it.
                let messages = refusals(cells)
                #expect(messages.allSatisfy { $0.contains("10000..<30000") && $0.contains("'numbers'") }, "\(messages)")
                // The rest of it was checkpointed all the same.
                let cold = try scratch.reboot().array("numbers", of: Int.self)
                var expected = [Int](repeating: 1, count: count)
                expected[0] = 3
                #expect(try cold.values() == expected)
            }
        }

        private func refusals(_ cells: SharedArray<Int>) -> [String] {
            let errors = [
                storeError { try cells.withLock(nil, Self.touch) },
                storeError { try cells.update(atomically: nil, Self.touch) },
                storeError { try cells.withLock(5..<6, Self.touch) }, storeError { try cells.fill(9) },
            ]
            return errors.map { $0?.code == .ownerDied ? $0?.message ?? "" : "not refused" }
        }

        private static func touch(_ span: inout MutableSpan<Int>) { span[0] = 9 }

        @Test func aRepairMakesItWhole() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let cells = try store.array("numbers", of: Int.self, count: 40_000)
                let worker = try scratch.worker("hold-array", 10_000, 30_000, 2)
                try worker.expect("holding")
                worker.kill()
                #expect(throws: NotNow.self) { try cells.withLock(nil, repair: Self.refuse, Self.touch) }
                let found = Found()
                try cells.withLock(0..<10, repair: found.repair) { $0[0] = 1 }
                #expect(found.range == 10_000..<30_000)
                #expect(found.elements == [20_000, 2, 0])
                let after = try cells.withLock { span in [span[29_999], span[30_000], span[0]] }
                #expect(after == [2, 0, 1])
                try store.sync()
                #expect(
                    try scratch.reboot().array("numbers", of: Int.self).values(in: 29_998..<30_002) == [2, 2, 0, 0])
            }
        }

        @Test func aHolderThatDiesInAValueOrAnAtomicUpdateLeavesTheOld() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                let triple = try store.value("triple", initial: Triple(1))
                let cells = try store.array("numbers", of: Int.self, count: 10_000)
                try cells.fill(1)
                for _ in 0..<5 {
                    let workers = [try scratch.worker("hold-value"), try scratch.worker("hold-update", 2)]
                    for worker in workers { try worker.expect("holding") }
                    for worker in workers { worker.kill() }
                    #expect(try triple.load() == Triple(1))
                    #expect(try cells.values() == [Int](repeating: 1, count: 10_000))
                    let value = try triple.withLock { $0 }
                    #expect(value == Triple(1))
                    let ends = try cells.withLock { span in [span[0], span[9_999]] }
                    #expect(ends == [1, 1])
                }
                try store.sync()
                #expect(store.attachments().filter(\.isAlive).count == 1)
            }
        }
    }
}
