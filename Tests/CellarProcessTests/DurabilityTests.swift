import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// What is on disk when.
    @Suite struct Durability {
        /// Everything is killed the moment a sync has returned, and the segment dropped.
        @Test func whatASyncCoveredSurvives() throws {
            try withScratchStore { scratch in
                for round in 1...20 {
                    let worker = try scratch.worker("write-sync", round)
                    try worker.expect("synced")
                    worker.kill()
                    try Store.discardSegment(of: scratch.path)
                    let store = try scratch.open()
                    #expect(try store.value("counter", of: Int.self).load() == round)
                    #expect(try store.value("triple", of: Triple.self).load() == Triple(round))
                    #expect(try store.array("numbers", of: Int.self).values() == [Int](repeating: round, count: 20_000))
                    scratch.closeAll()
                }
            }
        }

        /// A last store made just before a checkpoint is never missed.
        ///
        /// A writer stores a few times in each of many cells and never again, while another process checkpoints without
        /// a pause. Once nothing is dirty any more, everything is killed and the segment dropped: what the disk has of
        /// each cell must be its last store.
        ///
        /// This holds the whole protocol of marks, bits and passes. The race that the membarrier is for, it cannot be
        /// relied on to meet: a store may stay in the writer's store buffer for some 100 ns, and the checkpointer reads
        /// the value microseconds after it took the mark, so that without the barrier the value has arrived nearly
        /// always. `BarrierTests` has the two sides meet without that distance.
        @Test func noLastStoreIsMissed() throws {
            try withScratchStore { scratch in
                var random = SeededRandom(for: "last stores")
                for round in 0..<8 {
                    let cells = 1500
                    let checkpointer = try scratch.worker("attach", 0)
                    try checkpointer.expect("ready")
                    let writer = try scratch.worker("last-stores", cells, random.next() >> 2)
                    try writer.expect("ready")
                    writer.send()
                    try writer.expect("through")
                    let looking = try scratch.openReadOnly()
                    while true {
                        let segment = try #require(try looking.statistics().segment)
                        if !segment.isDirty, segment.lastCheckpoint == segment.begunCheckpoints { break }
                        usleep(200)
                    }
                    let words = try (0..<cells).map { try looking.value("word \($0)", of: Int.self).load() }
                    let triples = try (0..<cells).map { try looking.value("triple \($0)", of: Triple.self).load() }
                    let elements = try looking.array("elements", of: Int.self).values()
                    scratch.closeAll()
                    writer.kill()
                    checkpointer.kill()
                    try Store.discardSegment(of: scratch.path)
                    let cold = try scratch.openReadOnly()
                    #expect(
                        try words == (0..<cells).map { try cold.value("word \($0)", of: Int.self).load() }, "\(round)")
                    #expect(try triples == (0..<cells).map { try cold.value("triple \($0)", of: Triple.self).load() })
                    #expect(try elements == cold.array("elements", of: Int.self).values())
                    scratch.closeAll()
                    try Store.remove(scratch.path)
                }
            }
        }

        /// The checkpointing process is killed again and again, while others go on and their syncs return.
        @Test func anotherTakesOverTheCheckpoints() throws {
            try withScratchStore { scratch in
                var random = SeededRandom(for: "take-over")
                var first = try scratch.worker("sync-often", 1_000_000)
                try first.expect("ready")
                let store = try scratch.open()
                let counter = try store.value("counter", of: Int.self)
                let mine = try store.value("mine", initial: 0)
                first.send()
                for round in 1...40 {
                    let segment = try #require(try store.statistics().segment)
                    _ = segment.checkpointer
                    usleep(UInt32.random(in: 0..<8_000, using: &random))
                    mine.store(round)
                    // While the checkpointer is somebody else, it is killed in its passes.
                    first.kill()
                    try store.sync(timeout: .seconds(20))
                    #expect(try store.statistics().segment?.checkpointer != first.processID)
                    let seen = counter.load()
                    first = try scratch.worker("sync-often", 1_000_000)
                    try first.expect("ready")
                    first.send()
                    #expect(counter.load() >= seen)
                    if round % 10 == 0 {
                        first.kill()
                        try store.sync()
                        let count = counter.load()
                        scratch.closeAll()
                        try Store.discardSegment(of: scratch.path)
                        let looking = try scratch.openReadOnly()
                        #expect(try looking.value("counter", of: Int.self).load() == count)
                        #expect(try looking.value("mine", of: Int.self).load() == round)
                        return try continueWithout(scratch, rounds: 20, &random)
                    }
                }
            }
        }

        /// The same where this process never was the checkpointer before: others have the role when they are killed.
        private func continueWithout(_ scratch: ScratchStore, rounds: Int, _ random: inout SeededRandom) throws {
            scratch.closeAll()
            scratch.endWorkers()
            for _ in 0..<rounds {
                let holder = try scratch.worker("sync-often", 1_000_000)
                try holder.expect("ready")
                try awaitCheckpointer(holder.processID, scratch)
                let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
                let counter = try store.value("counter", of: Int.self)
                holder.send()
                usleep(UInt32.random(in: 0..<8_000, using: &random))
                holder.kill()
                let count = counter.load()
                try store.sync(timeout: .seconds(20))
                #expect(try store.statistics().segment?.checkpointer == getpid())
                scratch.closeAll()
                try Store.discardSegment(of: scratch.path)
                let cold = try scratch.openReadOnly()
                #expect(try cold.value("counter", of: Int.self).load() == count)
                scratch.closeAll()
            }
        }

        /// A process is attached before its keeper has taken the role that nobody has.
        private func awaitCheckpointer(_ process: pid_t, _ scratch: ScratchStore) throws {
            let looking = try scratch.openReadOnly()
            while try looking.statistics().segment?.checkpointer != process { usleep(500) }
            scratch.closeAll()
        }

        /// Syncs that come together share checkpoints: there are fewer passes than calls.
        @Test func syncsOfManyProcessesShareCheckpoints() throws {
            try withScratchStore { scratch in
                let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
                let counter = try store.value("counter", initial: 0)
                let workers = try (0..<8).map { _ in try scratch.worker("sync-often", 100) }
                for worker in workers { try worker.expect("ready") }
                try store.sync()
                let before = try #require(try store.statistics().segment).begunCheckpoints
                for worker in workers { worker.send() }
                for worker in workers { try worker.expect("done") }
                let passes = try #require(try store.statistics().segment).begunCheckpoints - before
                print("800 syncs of 8 processes took \(passes) checkpoints")
                #expect(counter.load() == 800)
                #expect(passes < 800)
                scratch.endWorkers()
            }
        }

        /// A rename is one change: killed and powered off at any moment, a cell has one of its two names.
        @Test func aRenameIsNeverHalfOnDisk() throws {
            try withScratchStore { scratch in
                var random = SeededRandom(for: "renames and power cuts")
                let count = 20
                var store = try scratch.open()
                for index in 0..<count { _ = try store.value("a\(index)", initial: index) }
                try store.sync()
                for _ in 0..<60 {
                    scratch.closeAll()
                    let worker = try scratch.worker("rename-storm", count)
                    try worker.expect("ready")
                    usleep(UInt32.random(in: 0..<20_000, using: &random))
                    worker.kill()
                    try Store.discardSegment(of: scratch.path)
                    store = try scratch.open()
                    let names = try store.cells().map(\.name)
                    #expect(names.count == count, "\(names)")
                    for index in 0..<count {
                        let present = ["a\(index)", "b\(index)"].filter { names.contains($0) }
                        #expect(present.count == 1, "\(present)")
                        guard let name = present.first else { continue }
                        #expect(try store.value(name, of: Int.self).load() == index)
                    }
                    if names.count != count { return }
                }
            }
        }

        /// An array of 100 million numbers (800 MB), one of which changes: the checkpoint writes one chunk.
        @Test func oneElementOfAHundredMillion() throws {
            try withScratchStore { scratch in
                let needed = 100_000_000 * MemoryLayout<Double>.stride
                guard freeMemory() > 2 * needed else {
                    print("an array of \(needed) bytes was not tried: there is too little memory")
                    return
                }
                let store = try scratch.openQuiet()
                let cells = try store.array("large", of: Double.self, count: 100_000_000)
                try store.sync()
                cells[77_777_777] = 0.5
                try store.sync()
                #expect(try store.statistics().segment?.lastCheckpointChunks == 1)
                #expect(try store.statistics().segment?.lastCheckpointBytes == 65_536)
                #expect(try store.statistics().diskBytes < 1 << 20, "chunks that were never written are not on disk")
                try store.sync()
                #expect(try store.statistics().segment?.lastCheckpointChunks == 0)
                let cold = try scratch.reboot().array("large", of: Double.self)
                #expect(cold[77_777_777] == 0.5 && cold[77_777_776] == 0 && cold[99_999_999] == 0)
            }
        }

        private func freeMemory() -> Int {
            let line = Files.text("/proc/meminfo").split(separator: "\n").first { $0.hasPrefix("MemAvailable") }
            let words = line?.split(separator: " ") ?? []
            return words.count > 1 ? (Int(words[1]) ?? 0) * 1024 : 0
        }
    }
}
