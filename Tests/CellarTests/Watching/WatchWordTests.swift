import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// The states of a mark that is watched.
struct WatchWordTests {
    private func withMark(_ bits: UInt64 = 0, _ body: (DirtyMark) throws -> Void) rethrows {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        defer { unsafe memory.deallocate() }
        unsafe memory.storeBytes(of: bits, as: UInt64.self)
        try body(DirtyMark(unsafe SharedWord(memory)))
    }

    @Test func aWatchedMarkIsLoudUntilItMovedOn() {
        withMark { mark in
            mark.touch {}
            #expect(mark.isQuiet && mark.watch.count == 0)
            #expect(mark.watch.arm() == 0 && mark.watch.arm() == 0)
            #expect(!mark.isQuiet)
            mark.touch {}
            #expect(mark.isQuiet && mark.watch.count == 1)
            #expect(mark.word.relaxed() & WatchWord.waking == 0)
            mark.touch {}
            #expect(mark.watch.count == 1, "nobody armed it again")
        }
    }

    /// Somebody arms the piece between a writer's steps: the writer's change was before, and the next one must be told.
    @Test func aMarkArmedWhileAWriterPublishesStaysLoud() {
        withMark { mark in
            mark.touch { #expect(mark.watch.arm() == 0) }
            #expect(!mark.isQuiet)
            mark.touch { #expect(mark.watch.arm() == 1) }
            #expect(!mark.isQuiet && mark.watch.count == 1)
        }
    }

    @Test func aCheckpointLeavesWatchersAlone() {
        withMark { mark in
            mark.touch {}
            #expect(mark.watch.arm() == 0)
            #expect(mark.take() && !mark.isQuiet)
            mark.settle()
            #expect(mark.word.relaxed() & WatchWord.watched != 0 && mark.watch.count == 0)
            mark.touch {}
            #expect(mark.watch.count == 1 && mark.isQuiet)
            #expect(mark.watch.arm() == 1 && mark.take() && mark.putBack())
            #expect(mark.word.relaxed() & WatchWord.watched != 0 && !mark.isQuiet && mark.watch.count == 1)
        }
    }

    /// The lower half's version and the upper half's count both wrap around, each for itself.
    @Test func nothingIsCarriedFromOneHalfToTheOther() {
        withMark(0xFFFF_FFFF_FFFF_FFC2) { mark in
            #expect(mark.take())
            #expect(mark.word.relaxed() == 0xFFFF_FFFF_0000_0004)
            #expect(mark.watch.arm() == .max)
            mark.touch {}
            #expect(mark.word.relaxed() == 7)
        }
    }

    @Test func aVolatileMarkIsQuietOrWatched() {
        withMark(DirtyMark.quiet | DirtyMark.volatile) { mark in
            #expect(mark.watch.arm() == 0 && !mark.isQuiet)
            mark.touch { Issue.record("the disk is to know nothing of it") }
            #expect(mark.word.relaxed() == 1 << 32 | DirtyMark.quiet | DirtyMark.volatile)
        }
    }

    /// The chunks of an array move the word on that they have in common.
    @Test func aSharedWordMovesOnWithEachChunk() {
        withMark { shared in
            withMark { first in
                withMark { second in
                    #expect(first.watch.arm() == 0 && second.watch.arm() == 0)
                    first.touch(telling: shared.watch) {}
                    second.touch(telling: shared.watch) {}
                    second.touch(telling: shared.watch) {}
                    #expect(first.watch.count == 1 && second.watch.count == 1 && shared.watch.count == 2)
                }
            }
        }
    }

    /// After a death: who is armed, and who may be asleep on a count that moved on, is told; nobody else.
    @Test func afterADeathTheWatchedAreTold() {
        for (bits, count) in [(UInt64(0), 0), (3, 0), (WatchWord.watched, 1), (WatchWord.waking | 1 << 32, 2)] {
            withMark(bits) { mark in
                mark.watch.wakeAfterDeath(nil)
                #expect(mark.watch.count == count)
                #expect(mark.word.relaxed() & (WatchWord.watched | WatchWord.waking) == 0)
                mark.watch.wakeAfterDeath(nil)
                #expect(mark.watch.count == count)
            }
        }
    }
}
