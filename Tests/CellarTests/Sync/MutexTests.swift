import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

/// Mutexes by name, recursive ones too, within a process.
struct MutexTests {
    private struct Refused: Error {}

    @Test func oneAtATime() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.mutex("m")
            let count = try store.value("count", initial: 0)
            let threads = try (0..<4).map { _ in
                try NativeThread(name: "counts") {
                    // Not in one step: two at a time would lose some.
                    for _ in 0..<5_000 { try? mutex.withLock { count.store(count.load() + 1) } }
                }
            }
            for thread in threads { thread.join() }
            #expect(count.load() == 20_000)
            #expect(!mutex.isAbandoned)
        }
    }

    @Test func whatIsHeldIsNotToBeHad() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.processName = "tester" }
            let mutex = try store.mutex("m")
            #expect(try mutex.withLockIfAvailable { 1 } == 1)
            try mutex.withLock {
                #expect(try mutex.withLockIfAvailable { 1 } == nil)
                let error = storeError { try mutex.withLock(timeout: .milliseconds(5)) {} }
                #expect(error?.code == .timedOut)
                #expect(error?.message.contains("'m'") == true && error?.message.contains("'tester'") == true)
                let info = try #require(try store.lockInfo("m"))
                #expect(info.holders.map(\.processName) == ["tester"])
                #expect(info.holders.first?.duration != nil, "somebody waited, and noted since when")
            }
            #expect(try store.lockInfo("m")?.holders.isEmpty == true)
            #expect(throws: Refused.self) { try mutex.withLock { throw Refused() } }
            #expect(try mutex.withLockIfAvailable { 2 } == 2, "an error gives it back")
        }
    }

    /// What a holder left that ended in its body: a thread here, which the kernel tells of like a process.
    @Test func theRecoveryRunsOnce() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.mutex("m")
            var recoveries = 0
            try mutex.withLock(recovering: { recoveries += 1 }) {}
            #expect(recoveries == 0, "a fresh one needs none")
            try NativeThread(name: "dies") { try? mutex.lock(timeout: nil) }.join()
            #expect(mutex.isAbandoned)
            // Somebody who knows nothing of recoveries makes the lock usable first.
            try mutex.withLock {}
            #expect(mutex.isAbandoned)
            #expect(throws: Refused.self) {
                try mutex.withLock(recovering: { throw Refused() }) { Issue.record("the body ran") }
            }
            #expect(mutex.isAbandoned)
            #expect(try store.lockInfo("m")?.state != nil)
            for _ in 0..<3 { try mutex.withLock(recovering: { recoveries += 1 }) {} }
            #expect(recoveries == 1)
            #expect(!mutex.isAbandoned)
            #expect(try store.lockInfo("m")?.state == nil)
        }
    }

    @Test func tasksWaitWithoutThreads() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.mutex("m")
            let count = try store.value("count", initial: 0)
            try runTask {
                let tasks = (0..<4).map { _ in
                    background {
                        for _ in 0..<500 { try await mutex.withLock { count.store(count.load() + 1) } }
                    }
                }
                for task in tasks { try await task.value }
            }
            #expect(count.load() == 2_000)
            // As many tasks wait as there are threads for them, and one more runs all the same.
            try mutex.withLock {
                let tasks = (0..<4).map { _ in background { _ = try await mutex.withLock { count.add(1) } } }
                try runTask {}
                tasks[0].cancel()
                #expect(throws: CancellationError.self) { try runTask { try await tasks[0].value } }
                #expect(throws: StoreError.self) {
                    try runTask { try await mutex.withLock(timeout: .milliseconds(5)) {} }
                }
                // The others are let in below.
                _ = tasks
            }
            settle { count.load() == 2_003 }
        }
    }

    @Test func aRecursiveOneIsTakenAgain() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.recursiveMutex("r")
            try mutex.withLock {
                #expect(try mutex.withLock { try mutex.withLockIfAvailable { 3 } } == 3)
                let others = Mutex<Int?>(0)
                try NativeThread(name: "tries") {
                    let got = try? mutex.withLockIfAvailable { 1 }
                    others.withLock { $0 = got ?? nil }
                }.join()
                #expect(others.withLock { $0 } == nil, "the outer closure still has it")
                #expect(try store.lockInfo("r")?.holders.count == 1)
            }
            #expect(try store.lockInfo("r")?.holders.isEmpty == true)
            let thread = try NativeThread(name: "tries") { try? mutex.withLock { try? mutex.withLock {} } }
            thread.join()
            try runTask {
                let inner = try await mutex.withLock { try mutex.withLock { try mutex.withLockIfAvailable { 1 } } }
                #expect(inner == 1)
            }
            #expect(try store.lockInfo("r")?.holders.isEmpty == true)
        }
    }

    @Test func aRecursiveOneIsForOneThread() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.recursiveMutex("r")
            let count = try store.value("count", initial: 0)
            let threads = try (0..<4).map { _ in
                try NativeThread(name: "counts") {
                    for _ in 0..<2_000 {
                        try? mutex.withLock { try mutex.withLock { count.store(count.load() + 1) } }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(count.load() == 8_000)
        }
    }

    @Test func whatIsThereIsKeptOrRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let mutex = try store.mutex("m")
            #expect(codeThrown { _ = try store.event("m") } == .mismatch)
            #expect(codeThrown { _ = try store.value("m", initial: 1) } == .mismatch)
            _ = try store.semaphore("s", count: 2, bound: 3)
            #expect(codeThrown { _ = try store.semaphore("s", count: 2) } == .mismatch)
            _ = try store.semaphore("s", count: 2, bound: 3)
            let looking = try scratch.openReadOnly()
            #expect(codeThrown { try looking.mutex("m").withLock {} } == .readOnly)
            #expect(codeThrown { try looking.semaphore("s", count: 2, bound: 3).acquire() } == .readOnly)
            #expect(try looking.semaphore("s", count: 2, bound: 3).available == 2)
            #expect(try looking.locks().map(\.name) == ["m", "s"])
            #expect(try store.cells().map(\.kind) == [.mutex, .semaphore])
            try store.remove("m")
            #expect(codeThrown { try mutex.withLock {} } == .removed)
            try store.mutex("m").withLock {}
            store.close()
            #expect(codeThrown { try mutex.withLock {} } == .closed)
        }
    }
}
