import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Sixteen processes move money between values, elements, entries and rows, and are killed at it. Every snapshot in between,
    /// in any process, has all the money; so have the memory once everybody is dead, and the disk after a power cut.
    @Suite struct Banking {
        private static let workers = 16

        @Test func noMoneyIsLost() throws {
            try withScratchStore(seconds: 600) { scratch in
                var random = SeededRandom(for: "banking")
                var kills = 0
                var snapshots = 0
                for round in 0..<8 {
                    let store = try scratch.open { $0.lockTimeout = .seconds(30) }
                    let bank = try Bank(store)
                    #expect(try bank.sum() == Bank.total)
                    var workers = try (0..<Self.workers).map { _ in try start(scratch, &random) }
                    for worker in workers { try worker.expect("ready") }
                    for _ in 0..<25 {
                        let victim = Int.random(in: 0..<Self.workers, using: &random)
                        usleep(UInt32.random(in: 0..<8_000, using: &random))
                        #expect(workers[victim].kill() == .signal(SIGKILL))
                        #expect(workers[victim].linesSoFar() == [])
                        #expect(try bank.sum() == Bank.total)
                        kills += 1
                        snapshots += 1
                        workers[victim] = try start(scratch, &random)
                        try workers[victim].expect("ready")
                    }
                    // The power goes, in the middle of everything: what is on disk is what there is.
                    scratch.closeAll()
                    usleep(UInt32.random(in: 0..<200_000, using: &random))
                    for worker in workers {
                        worker.signal(SIGKILL)
                        kills += 1
                    }
                    for worker in workers {
                        #expect(worker.kill() == .signal(SIGKILL))
                        #expect(worker.linesSoFar() == [])
                    }
                    if round % 2 == 1 { try Store.discardSegment(of: scratch.path) }
                }
                let bank = try Bank(try scratch.open())
                #expect(try bank.sum() == Bank.total)
                try scratch.open().sync()
                #expect(try Store.check(scratch.path).isWhole)
                print("bank: kills=\(kills) snapshots=\(snapshots) total=\(Bank.total)")
            }
        }

        #if CrashPoints
            /// A cell that was made and changed in a transaction while a checkpoint wrote is written by it, too. Where that
            /// checkpoint compared everything with the disk, since a process had died, it took the cell for one without a name,
            /// and said that the segment was damaged. Torture found it.
            @Test func aNewCellOfATransactionIsWrittenByThePassUnderWay() throws {
                try withScratchStore { scratch in
                    let checkpointer = try scratch.worker("stop-collecting")
                    try checkpointer.expect("ready")
                    let victim = try scratch.worker("stop-collecting")
                    try victim.expect("ready")
                    let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
                    let old = try store.value("old", of: Int.self)
                    checkpointer.send()
                    try checkpointer.expect("armed")
                    // So that the pass compares everything.
                    victim.kill()
                    let saved = background { try store.sync() }
                    #expect(checkpointer.waitForStop())
                    let new = try store.value("new", initial: 1)
                    try store.transaction { tx in
                        try tx.store(2, to: old)
                        try tx.store(2, to: new)
                    }
                    checkpointer.signal(SIGCONT)
                    try runTask { try await saved.value }
                    let copy = try scratch.open(at: try scratch.copyOfDisk())
                    #expect(try copy.value("old", of: Int.self).load() == 2)
                    #expect(try copy.value("new", of: Int.self).load() == 2)
                }
            }

            /// A checkpoint ran just when a transaction was on disk and had not come to change memory: it wrote what memory had,
            /// and so put old values over new ones on the disk. A power cut, or the transaction's process dying, then left a
            /// part of it. Torture found it. Now a checkpoint waits.
            @Test func aCheckpointWaitsForMemoryToBeWhatTheDiskHas() throws {
                try withScratchStore { scratch in
                    let store = try scratch.openQuiet()
                    let (first, second) = (
                        try store.value("first", initial: 1), try store.value("second", initial: Triple(1))
                    )
                    try store.sync()
                    let worker = try scratch.worker("stop-committing")
                    #expect(worker.waitForStop())
                    #expect(first.load() == 1)
                    first.store(1)
                    #expect(codeThrown { try store.sync(timeout: .milliseconds(300)) } == .timedOut)
                    let copy = try scratch.open(at: try scratch.copyOfDisk())
                    #expect(try copy.value("first", of: Int.self).load() == 2)
                    #expect(try copy.value("second", of: Triple.self).load() == Triple(2))
                    #expect(worker.kill() == .signal(SIGKILL))
                    try store.sync()
                    #expect(first.load() == 2)
                    #expect(try second.load() == Triple(2))
                }
            }
        #endif

        private func start(_ scratch: ScratchStore, _ random: inout SeededRandom) throws -> Worker {
            try scratch.worker("bank", random.next() >> 2)
        }
    }
}
