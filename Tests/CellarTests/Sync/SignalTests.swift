import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

/// Events, latches, barriers, conditions and what is done once, within a process.
struct SignalTests {
    private struct Refused: Error {}

    @Test func anEventStaysSet() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let event = try store.event("e")
            #expect(!event.isSet)
            #expect(try !event.wait(timeout: .milliseconds(2)))
            let woken = Atomic(0)
            let threads = try (0..<3).map { _ in
                try NativeThread(name: "waits") {
                    if (try? event.wait()) == true { woken.add(1, ordering: .relaxed) }
                }
            }
            try store.settle("e", waiters: 3)
            try event.set()
            try event.clear()
            for thread in threads { thread.join() }
            #expect(woken.load(ordering: .relaxed) == 3, "who waited goes on, though it was cleared")
            #expect(try !event.wait(timeout: .zero))
            try event.set()
            #expect(try event.wait(timeout: .zero))
            #expect(event.isSet)
            let info = try #require(try store.lockInfo("e"))
            #expect(info.state == "set" && info.waiters.isEmpty)
        }
    }

    @Test func aLatchOpensOnce() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let latch = try store.latch("l", count: 3)
            #expect(latch.count == 3)
            let thread = try NativeThread(name: "waits") { _ = try? latch.wait() }
            try store.settle("l", waiters: 1)
            try latch.countDown()
            #expect(try !latch.wait(timeout: .milliseconds(1)))
            try latch.countDown(by: 5)
            thread.join()
            #expect(latch.count == 0)
            #expect(try latch.wait(timeout: .zero))
            try store.latch("none", count: 0).wait()
        }
    }

    @Test func aBarrierGathersRoundAfterRound() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let barrier = try store.barrier("b", parties: 3)
            let rounds = Atomic(0)
            let last = Atomic(0)
            let early = Atomic(0)
            let threads = try (0..<3).map { _ in
                try NativeThread(name: "waits") {
                    for round in 1...200 {
                        rounds.add(1, ordering: .sequentiallyConsistent)
                        if (try? barrier.wait()) == true { last.add(1, ordering: .relaxed) }
                        if rounds.load(ordering: .sequentiallyConsistent) < round * 3 {
                            early.add(1, ordering: .relaxed)
                        }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(early.load(ordering: .relaxed) == 0)
            #expect(last.load(ordering: .relaxed) == 200, "one of each round is told that it was the last")
            #expect(!barrier.isBroken)
        }
    }

    @Test func aBarrierThatIsBrokenTellsAll() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let barrier = try store.barrier("b", parties: 3)
            let thrown = Mutex<StoreError.Code?>(nil)
            let thread = try NativeThread(name: "waits") {
                let code = codeThrown { try barrier.wait() }
                thrown.withLock { $0 = code }
            }
            try store.settle("b", waiters: 1)
            #expect(codeThrown { try barrier.wait(timeout: .milliseconds(2)) } == .timedOut)
            thread.join()
            #expect(thrown.withLock { $0 } == .broken)
            #expect(barrier.isBroken)
            #expect(codeThrown { try barrier.wait() } == .broken)
            try barrier.reset()
            #expect(!barrier.isBroken)
            // Who waits as it is reset is told, too.
            let second = try NativeThread(name: "waits") {
                let code = codeThrown { try barrier.wait() }
                thrown.withLock { $0 = code }
            }
            try store.settle("b", waiters: 1)
            thrown.withLock { $0 = nil }
            try barrier.reset()
            second.join()
            #expect(thrown.withLock { $0 } == .broken)
            #expect(!barrier.isBroken)
            let others = try (0..<2).map { _ in try NativeThread(name: "waits") { _ = try? barrier.wait() } }
            try barrier.wait()
            for thread in others { thread.join() }
        }
    }

    /// Who gives up breaks the round before its place goes; where the round was over before, it learns how it ended.
    @Test func whoGivesUpABarrierBreaksItFirst() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let barrier = try store.barrier("b", parties: 3)
            let core = barrier.core
            func place() throws -> PartySeat {
                try core.locked { () throws(StoreError) in try core.enterToWait(round: core.grants.round.number) }
            }
            #expect(core.giveUp(try place()) == nil)
            #expect(barrier.isBroken)
            try barrier.reset()
            // Reset before it gave up.
            var seat = try place()
            try barrier.reset()
            #expect(core.giveUp(seat).map { [$0.phase == .called, $0.amount == 1] } == [true, true])
            core.free(seat)
            // The last came, and is stopped before it calls anybody.
            seat = try place()
            core.table.word.release((core.grants.round.number + 1) << 1)
            #expect(core.giveUp(seat).map { [$0.phase == .called, $0.amount == 0] } == [true, true])
            core.free(seat)
            #expect(!barrier.isBroken && core.table.survey().isAwaited == false)
        }
    }

    @Test func onceIsOnce() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let once = try store.once("o")
            let count = try store.value("count", initial: 0)
            #expect(throws: Refused.self) { try once.perform { throw Refused() } }
            #expect(!once.isDone)
            let ran = Atomic(0)
            let threads = try (0..<4).map { _ in
                try NativeThread(name: "does") {
                    if (try? once.perform { count.add(1) }) == true { ran.add(1, ordering: .relaxed) }
                    // Whoever returns finds it done.
                    if count.load() != 1 { Issue.record("it was not done yet") }
                }
            }
            for thread in threads { thread.join() }
            #expect(ran.load(ordering: .relaxed) == 1 && count.load() == 1)
            #expect(once.isDone)
            #expect(try runTask { try await once.perform { count.add(1) } } == false)
            #expect(count.load() == 1)
        }
    }

    @Test func aConditionHandsOver() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.mutex("m")
            let (filled, emptied) = (
                try store.condition("filled", of: mutex), try store.condition("emptied", of: mutex)
            )
            let box = try store.value("box", initial: 0)
            let sum = try store.value("sum", initial: 0)
            let taker = try NativeThread(name: "takes") {
                for _ in 0..<2_000 {
                    try? filled.withLock { lock in
                        try lock.wait(while: { box.load() == 0 })
                        sum.add(box.exchange(0))
                        try emptied.notifyOne()
                    }
                }
            }
            for number in 1...2_000 {
                try emptied.withLock { lock in
                    try lock.wait(while: { box.load() != 0 })
                    box.store(number)
                    try filled.notifyOne()
                }
            }
            taker.join()
            #expect(sum.load() == 2_000 * 2_001 / 2)
            #expect(try store.lockInfo("filled")?.waiters.isEmpty == true)
        }
    }

    @Test func aConditionHasItsLimits() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.mutex("m")
            let condition = try store.condition("c", of: mutex)
            #expect(codeThrown { _ = try store.condition("c", of: try store.mutex("other")) } == .mismatch)
            try condition.withLock { lock in
                #expect(storeCode { try lock.wait(timeout: .milliseconds(2), while: { true }) } == .timedOut)
                #expect(try mutex.withLockIfAvailable { 1 } == nil, "it has the mutex again")
                try lock.wait(timeout: .milliseconds(2), while: { false })
            }
            // Notified by one who changes something, of three one goes on, and then the others.
            let go = try store.value("go", initial: 0)
            let threads = try (0..<3).map { _ in
                try NativeThread(name: "waits") {
                    try? condition.withLock { lock in
                        try lock.wait(while: { go.load() == 0 })
                        go.subtract(1)
                    }
                }
            }
            try store.settle("c", waiters: 3)
            try mutex.withLock {
                go.store(1)
                try condition.notifyOne()
            }
            settle { go.load() == 0 }
            try mutex.withLock {
                go.store(2)
                try condition.notifyAll()
            }
            for thread in threads { thread.join() }
            #expect(go.load() == 0)
        }
    }

    private func storeCode(_ body: () throws -> Void) -> StoreError.Code? { codeThrown(body) }

    @Test func tasksWaitForSignals() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let (event, latch) = (try store.event("e"), try store.latch("l", count: 1))
            let (barrier, once) = (try store.barrier("b", parties: 4), try store.once("o"))
            let mutex = try store.mutex("m")
            let condition = try store.condition("c", of: mutex)
            let value = try store.value("value", initial: 0)
            try runTask {
                let tasks = (0..<4).map { _ in
                    background {
                        #expect(try await event.wait())
                        try await barrier.wait()
                        try await once.perform { value.add(1) }
                        #expect(try await latch.wait())
                        _ = try await condition.withLock(while: { value.load() < 2 }) { value.add(1) }
                    }
                }
                try event.core.set()
                try await background { try store.settle("l", waiters: 4) }.value
                try latch.core.countDown(1)
                try await background { try store.settle("c", waiters: 4) }.value
                _ = try await mutex.withLock { value.add(1) }
                try condition.notifyAll()
                for task in tasks { try await task.value }
                #expect(value.load() == 6)
                #expect(try await !store.event("other").wait(timeout: .milliseconds(2)))
                await #expect(throws: StoreError.self) {
                    try await condition.withLock(timeout: .milliseconds(2), while: { true }) {}
                }
            }
            // Cancelled as they wait.
            let waiting = [
                background { try await store.event("other").wait() }, background { try await barrier.wait() },
            ]
            try store.settle("other", waiters: 1)
            try store.settle("b", waiters: 1)
            for task in waiting { task.cancel() }
            for task in waiting { #expect(throws: CancellationError.self) { try runTask { _ = try await task.value } } }
            #expect(barrier.isBroken)
            #expect(try store.lockInfo("other")?.waiters.isEmpty == true)
        }
    }

    @Test func removingEndsTheWait() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let event = try store.event("e")
            let thrown = Mutex<StoreError.Code?>(nil)
            let thread = try NativeThread(name: "waits") {
                let code = codeThrown { try event.wait() }
                thrown.withLock { $0 = code }
            }
            try store.settle("e", waiters: 1)
            try store.remove("e")
            thread.join()
            #expect(thrown.withLock { $0 } == .removed)
        }
    }
}
