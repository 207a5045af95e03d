import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

/// Semaphores and read-write locks, within a process.
struct SemaphoreTests {
    @Test func permitsAreCounted() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let permits = try store.semaphore("s", count: 3, bound: 4)
            #expect(permits.available == 3)
            try permits.acquire(2)
            #expect(try permits.tryAcquire())
            #expect(try !permits.tryAcquire())
            let error = storeError { try permits.acquire(timeout: .milliseconds(5)) }
            #expect(error?.code == .timedOut && error?.message.contains("'s'") == true)
            try permits.release(3)
            #expect(permits.available == 3)
            try permits.release()
            #expect(permits.available == 4)
            #expect(codeThrown { try permits.release() } == .limitReached)
            try permits.acquire()
            #expect(codeThrown { try permits.release(2) } == .limitReached)
            #expect(permits.available == 3, "nothing was released")
            try permits.release()
            try permits.withPermit(3) {
                #expect(permits.available == 1)
                #expect(codeThrown { try permits.release() } == .limitReached, "a scope's permits are its own")
            }
            #expect(permits.available == 4)
            #expect(try store.lockInfo("s")?.waiters.isEmpty == true)
        }
    }

    @Test func whatThereNeverIsIsRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let permits = try store.semaphore("s", count: 1, bound: 2)
            #expect(codeThrown { try permits.acquire(3) } == .limitReached)
            #expect(codeThrown { try permits.withPermit(.max) {} } == .limitReached)
            #expect(codeThrown { try permits.release(.max) } == .limitReached)
            #expect(codeThrown { try runTask { try await permits.withPermit(3) {} } } == .limitReached)
            let free = try store.semaphore("free", count: 1)
            #expect(codeThrown { try free.acquire(1 << 33) } == .limitReached)
            #expect(codeThrown { _ = try store.semaphore("huge", count: 1 << 40) } == .limitReached)
            #expect(permits.available == 1 && free.available == 1)
        }
    }

    /// Whatever the memory says, nothing traps, hangs or is read that is not there.
    @Test(arguments: [UInt64.max, 0x7F7F_7F7F_7F7F_7F7F, 0xFFFF_FFFF_0000_0202, 1, 0x0102]) func damagedMemory(
        word: UInt64
    ) throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let permits = try store.semaphore("s", count: 1)
            let lock = try store.readWriteLock("rw")
            let latch = try store.latch("l", count: 3)
            let barrier = try store.barrier("b", parties: 2)
            for core in [permits.core, lock.core, latch.core, barrier.core] {
                for place in 0..<8 { unsafe SharedWord(core.reference.cell.payload + place * 8).setRelaxed(word) }
                for place in 0..<(250 * 8) { unsafe SharedWord(core.reference.index + place * 8).setRelaxed(word) }
            }
            let soon: Duration = .milliseconds(1)
            _ = codeThrown { try permits.acquire(timeout: soon) }
            _ = codeThrown { try permits.release() }
            _ = codeThrown { try permits.withPermit(timeout: soon) {} }
            _ = codeThrown { try lock.withReadLock(timeout: soon) {} }
            _ = codeThrown { try lock.withWriteLock(timeout: soon) {} }
            _ = codeThrown { _ = try latch.wait(timeout: soon) }
            _ = codeThrown { try latch.countDown(by: .max) }
            _ = codeThrown { try barrier.reset() }
            _ = codeThrown { _ = try barrier.wait(timeout: soon) }
            _ = try store.locks()
            _ = try store.lockInfo("b")
            store.close()
        }
    }

    @Test func theCheckTellsOfImpossibleParties() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let lock = try store.readWriteLock("rw")
            #expect(try Store.check(scratch.path).findings.isEmpty)
            lock.core.table.party(7).stateWord.release(9)
            let findings = try Store.check(scratch.path).findings
            #expect(findings.map(\.structure) == ["locks"])
            #expect(findings.first?.text.contains("'rw'") == true)
            try lock.withWriteLock {}
        }
    }

    /// One who wants many is not passed by others who want few.
    @Test func thoseWhoWaitAreServedInOrder() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let permits = try store.semaphore("s", count: 2)
            try permits.acquire(2)
            let order = Mutex<[Int]>([])
            let threads = try [2, 1].enumerated().map { place, count in
                let thread = try NativeThread(name: "waits") {
                    try? permits.withPermit(count) { order.withLock { $0.append(count) } }
                }
                try store.settle("s", waiters: place + 1)
                return thread
            }
            #expect(try store.lockInfo("s")?.waiters.map(\.mode) == [.permits(2), .permits(1)])
            try permits.release()
            #expect(try !permits.tryAcquire(), "there is one, and it is not for who comes last")
            #expect(order.withLock { $0 } == [])
            try permits.release()
            for thread in threads { thread.join() }
            #expect(order.withLock { $0 } == [2, 1])
            #expect(permits.available == 2)
        }
    }

    /// Who gives up lets those behind have what there is.
    @Test func whoGivesUpKeepsNobody() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let lock = try store.readWriteLock("rw")
            try lock.withReadLock {
                let writer = try NativeThread(name: "writes") {
                    #expect(codeThrown { try lock.withWriteLock(timeout: .milliseconds(200)) {} } == .timedOut)
                }
                try store.settle("rw", waiters: 1)
                #expect(try lock.withReadLockIfAvailable { 1 } == nil, "a writer waits")
                // Comes after the writer, and is let in by its giving up.
                try NativeThread(name: "reads") { try? lock.withReadLock {} }.join()
                writer.join()
            }
            #expect(try lock.withWriteLockIfAvailable { 1 } == 1)
        }
    }

    @Test func readersTogetherAndWritersAlone() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let lock = try store.readWriteLock("rw")
            let order = Mutex<[String]>([])
            let (first, second) = (try store.event("first"), try store.event("second"))
            var threads: [NativeThread] = []
            threads.append(
                try NativeThread(name: "reads") {
                    try? lock.withReadLock {
                        try second.wait()
                        order.withLock { $0.append("reader") }
                    }
                })
            settle { (try? store.lockInfo("rw")?.holders.count) == 1 }
            threads.append(
                try NativeThread(name: "writes") { try? lock.withWriteLock { order.withLock { $0.append("writer") } } })
            try store.settle("rw", waiters: 1)
            for waiting in 2...3 {
                threads.append(
                    try NativeThread(name: "reads") {
                        // Both are in at the same time, or neither comes out.
                        try? lock.withReadLock {
                            if waiting == 2 {
                                try first.set()
                            } else {
                                try first.wait()
                            }
                            order.withLock { $0.append("after") }
                        }
                    })
                try store.settle("rw", waiters: waiting)
            }
            #expect(order.withLock { $0 } == [])
            try second.set()
            for thread in threads { thread.join() }
            #expect(order.withLock { $0 } == ["reader", "writer", "after", "after"])
        }
    }

    @Test func aWriterLosesNothing() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let lock = try store.readWriteLock("rw")
            let pair = try store.array("pair", of: Int.self, count: 2)
            let torn = Atomic(0)
            var threads = try (0..<2).map { _ in
                try NativeThread(name: "writes") {
                    for _ in 0..<1_000 {
                        try? lock.withWriteLock {
                            pair[0] += 1
                            pair[1] += 1
                        }
                    }
                }
            }
            threads += try (0..<2).map { _ in
                try NativeThread(name: "reads") {
                    for _ in 0..<1_000 {
                        try? lock.withReadLock { if pair[0] != pair[1] { torn.add(1, ordering: .relaxed) } }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(pair[0] == 2_000 && pair[1] == 2_000)
            #expect(torn.load(ordering: .relaxed) == 0)
        }
    }

    @Test func tasksShareTheirs() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let (lock, permits) = (try store.readWriteLock("rw"), try store.semaphore("s", count: 2, bound: 2))
            let count = try store.value("count", initial: 0)
            let inside = try store.value("inside", initial: 0)
            try runTask {
                let tasks = (0..<6).map { task in
                    background {
                        for _ in 0..<200 {
                            if task == 0 { _ = try await lock.withReadLock { count.load() } }
                            try await lock.withWriteLock { count.store(count.load() + 1) }
                            try await permits.withPermit {
                                if inside.add(1) > 2 { Issue.record("three at a time") }
                                inside.subtract(1)
                            }
                            try await permits.acquire()
                            try permits.core.releasePermits(1)
                        }
                    }
                }
                for task in tasks { try await task.value }
            }
            #expect(count.load() == 1_200)
            #expect(permits.available == 2)
            // A task that is cancelled as it waits has nothing, and keeps nobody.
            try permits.acquire(2)
            let task = background { try await permits.acquire() }
            try store.settle("s", waiters: 1)
            task.cancel()
            #expect(throws: CancellationError.self) { try runTask { try await task.value } }
            try store.settle("s", waiters: 0)
        }
    }

    /// As many as there are entries, and not one more.
    @Test func theTableIsFull() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let lock = try store.readWriteLock("rw")
            let core = lock.core
            let seats = try (0..<250).map { _ in try core.acquire(isShared: true, timeout: nil) }
            let error = storeError { try lock.withReadLock {} }
            #expect(error?.code == .limitReached && error?.message.contains("'rw'") == true)
            core.leave(seats[100])
            try lock.withReadLock {}
            for seat in seats where seat.index != 100 { core.leave(seat) }
            try lock.withWriteLock {}
            #expect(core.table.used == 0, "walks are short again")
        }
    }

    /// What a process got by waiting takes one entry, not one for each wait.
    @Test func waitedPermitsArePutTogether() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let count = 260
            let permits = try store.semaphore("s", count: count)
            for taken in 0..<count {
                let thread = try permits.withPermit(count - taken) {
                    let thread = try NativeThread(name: "waits") {
                        #expect(throws: Never.self) { try permits.acquire() }
                    }
                    try store.settle("s", waiters: 1)
                    return thread
                }
                thread.join()
            }
            #expect(permits.available == 0)
            #expect(permits.core.table.used <= 3)
            try permits.release(count)
            #expect(permits.available == count && permits.core.table.used == 0)
        }
    }

    /// Permits on their way to a thread that waits are not given back by another, and only what has it may go on.
    @Test func permitsOnTheirWayAreNobodyElses() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let core = try store.semaphore("s", count: 1, bound: 1).core
            let seat = try #require(try core.enter(.permits))
            #expect(codeThrown { try core.releasePermits(1) } == .limitReached)
            #expect(core.table.party(seat.index).state.phase == .holding)
            core.table.party(seat.index).markSeen(seat)
            try core.releasePermits(1)
            #expect(codeThrown { try core.requireHeld(core.table.party(seat.index).state, seat) } == .corruptSegment)
            #expect(codeThrown { try core.requireHeld(nil, seat) } == .timedOut)
        }
    }

    @Test func closingEndsTheWait() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let permits = try store.semaphore("s", count: 0)
            let thrown = Mutex<StoreError?>(nil)
            let thread = try NativeThread(name: "waits") {
                let error = storeError { try permits.acquire(timeout: .seconds(1000)) }
                thrown.withLock { $0 = error }
            }
            try store.settle("s", waiters: 1)
            store.close()
            thread.join()
            #expect(thrown.withLock { $0 }?.code == .closed, "\(thrown.withLock { $0?.message ?? "" })")
            let again = try scratch.open()
            #expect(try again.semaphore("s", count: 0).available == 0)
            try again.semaphore("s", count: 0).release()
            try again.settle("s", waiters: 0)
            #expect(try again.semaphore("s", count: 0).available == 1)
        }
    }
}
