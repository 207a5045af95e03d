import CCellar
import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

/// The store-then-load race between a writer and a checkpoint, with nothing in between.
///
/// A writer stores its value and then looks at the mark; if the mark is quiet, it tells nobody. The checkpointer
/// takes the mark and then reads the value. The writer's store may still be in its processor's store buffer when it
/// looks, so that each misses the other: unless the checkpointer has every processor pass a barrier in between.
/// Without the barrier a miss is possible and rare: the store has to stay in the buffer while the other processor does
/// an atomic exchange, which takes about as long. So the test cannot be relied on to fail without it; it prints how
/// many were missed without, and asserts that none is with it.
struct BarrierTests {
    /// Rounds in which the writer found the mark quiet, and the checkpointer did not find its value.
    private func missed(rounds: UInt64, barrier: Bool) throws -> Int {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 128)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: 1024)
        let race = unsafe Race(
            mark: SharedWord(memory), value: SharedWord(memory + 256), start: SharedWord(memory + 512),
            done: SharedWord(memory + 768))
        let writer = try NativeThread(name: "writer") { race.write(rounds) }
        var missed = 0
        for round in 1...rounds {
            race.mark.setOrdered(DirtyMark.quiet | DirtyMark.dirty)
            race.start.setOrdered(round)
            for _ in 0..<(round & 15) { cellar_compiler_fence() }
            _ = DirtyMark(race.mark).take()
            if barrier { #expect(MemoryBarrier.expedited()) }
            let seen = race.value.relaxed()
            spin { race.done.ordered() >> 1 != round }
            if race.done.ordered() & 1 == 1, seen != round { missed += 1 }
        }
        writer.join()
        return missed
    }

    private struct Race {
        let mark: SharedWord
        let value: SharedWord
        let start: SharedWord
        /// The round, and in the lowest bit whether the mark was quiet.
        let done: SharedWord

        func write(_ rounds: UInt64) {
            for round in 1...rounds {
                spin { start.ordered() != round }
                value.release(round)
                MemoryBarrier.compilerOnly()
                let quiet = mark.relaxed() & DirtyMark.quiet
                done.setOrdered(round << 1 | quiet)
            }
        }
    }

    @Test func withTheBarrierNoStoreIsMissed() throws {
        guard MemoryBarrier.isRegistered else { return print("the kernel refuses membarrier: writers fence here") }
        #expect(try missed(rounds: 20_000, barrier: true) == 0)
        print("without the barrier, \(try missed(rounds: 20_000, barrier: false)) of 20000 stores were missed")
    }
}

/// The states of a dirty mark.
struct DirtyMarkTests {
    private func withMark(_ body: (DirtyMark) -> Void) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        defer { unsafe memory.deallocate() }
        unsafe memory.storeBytes(of: 0, as: UInt64.self)
        body(DirtyMark(unsafe SharedWord(memory)))
    }

    @Test func theLifeOfAChange() {
        withMark { mark in
            #expect(!mark.isQuiet && !mark.take())
            var published = 0
            mark.touch { published += 1 }
            #expect(mark.isQuiet && published == 1)
            #expect(mark.take())
            #expect(!mark.isQuiet && mark.isTaken && !mark.take())
            mark.touch { published += 1 }
            #expect(mark.isQuiet && mark.isTaken)
            mark.settle()
            #expect(mark.isQuiet && !mark.isTaken)
            #expect(mark.take() && mark.putBack() && !mark.putBack())
            #expect(!mark.isTaken && mark.take(), "put back, it is dirty again")
            #expect(mark.take(always: true))
        }
    }

    /// A checkpoint takes the piece between the writer's steps: the writer may not become quiet on a mark it did not see.
    @Test func aMarkTakenWhileAWriterPublishesStaysLoud() {
        withMark { mark in
            mark.touch { #expect(mark.take()) }
            #expect(!mark.isQuiet)
            mark.settle()
            mark.touch {}
            #expect(mark.isQuiet && mark.take())
        }
    }
}
