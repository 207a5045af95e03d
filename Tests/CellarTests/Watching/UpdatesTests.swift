import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

/// Changes as sequences that tasks wait for.
struct UpdatesTests {
    /// A slow reader skips what was replaced, and gets the last.
    @Test func aSlowReaderSeesTheLast() throws {
        try withScratchStore { scratch in
            try runTask {
                let number = try scratch.open().value("number", initial: 5)
                var updates = number.updates.makeAsyncIterator()
                #expect(try await updates.next() == 5)
                for step in 1...1000 { number.store(step) }
                #expect(try await updates.next() == 1000)
                number.store(7)
                #expect(try await updates.next() == 7)
            }
        }
    }

    @Test func aTaskThatWaitsIsWoken() throws {
        try withScratchStore { scratch in
            try runTask {
                let store = try scratch.open()
                let number = try store.value("number", initial: 0)
                let list = try store.array("list", of: Int.self, count: 20_000)
                // Each answers the other; the last round's answer is never lost.
                let follower = background {
                    for try await value in number.updates where value > 0 {
                        list[9_000] = value
                        if value == 200 { return }
                    }
                }
                var rounds = 0
                for try await ranges in list.updates(in: 9_000..<9_001) {
                    #expect(ranges == [8_192..<16_384])
                    guard list[9_000] == rounds else { continue }
                    rounds += 1
                    if rounds > 200 { break }
                    number.store(rounds)
                }
                try await follower.value
                #expect(number.load() == 200)
            }
        }
    }

    /// Four threads write without a pause; each of three tasks comes to the last value of all.
    @Test func everyWatcherComesToTheLastValue() throws {
        try withScratchStore { scratch in
            try runTask {
                let number = try scratch.open().value("number", initial: 0)
                let watchers = (0..<3).map { _ in
                    background {
                        var last = 0
                        for try await value in number.updates {
                            #expect(value >= last)
                            last = value
                            if value == 80_000 { break }
                        }
                        return last
                    }
                }
                let writers = try (0..<4).map { _ in
                    try NativeThread(name: "writes") { for _ in 0..<20_000 { number.add(1) } }
                }
                for watcher in watchers { #expect(try await watcher.value == 80_000) }
                for writer in writers { writer.join() }
            }
        }
    }

    @Test func whatEndsASequence() throws {
        try withScratchStore { scratch in
            try runTask {
                let store = try scratch.open()
                let number = try store.value("number", initial: 0)
                let block = try store.value("block", initial: Triple(0))
                let list = try store.array("list", of: Int.self, count: 10)
                let begun = Begun()
                let cancelled = background { try await Self.count(number.updates, begun) }
                let removed = background { try await Self.count(block.updates, begun) }
                let closed = background { try await Self.count(list.updates, begun) }
                while begun.count.load(ordering: .acquiring) < 3 { await Task.yield() }
                cancelled.cancel()
                #expect(try await cancelled.value == 1)
                try store.remove("block")
                #expect(try await removed.value == 1)
                scratch.closeAll()
                #expect(try await closed.value == 1)
                // What is over is so from the beginning.
                let none = Begun()
                #expect(try await Self.count(number.updates, none) == 0)
                #expect(try await Self.count(block.updates, none) == 0)
            }
        }
    }

    private final class Begun: Sendable {
        let count = Atomic(0)
    }

    private static func count<Changes: AsyncSequence>(
        _ changes: Changes, _ begun: Begun
    ) async throws -> Int {
        var count = 0
        for try await _ in changes {
            count += 1
            begun.count.add(1, ordering: .releasing)
        }
        return count
    }

    /// The bits are looked at before they are taken for a value, here too.
    @Test func damagedBitsAreAnError() throws {
        try withScratchStore { scratch in
            try runTask {
                let flag = try scratch.open().value("flag", initial: false)
                var updates = flag.updates.makeAsyncIterator()
                #expect(try await updates.next() == false)
                let same = try scratch.open().value("pair", initial: Flags())
                var pairs = same.updates.makeAsyncIterator()
                #expect(try await pairs.next()?.first == false)
                same.cell.word.release(7)
                same.noteChange()
                await #expect(throws: StoreError.self) { _ = try await pairs.next() }
            }
        }
    }

    private struct Flags: BitwiseCopyable {
        var first = false
        var second = false
    }

    @Test func aReadOnlyTaskLooksByItself() throws {
        try withScratchStore { scratch in
            try runTask {
                let number = try scratch.open().value("number", initial: 0)
                var updates = try scratch.openReadOnly().value("number", of: Int.self).updates.makeAsyncIterator()
                #expect(try await updates.next() == 0)
                number.store(1)
                #expect(try await updates.next() == 1)
                number.store(2)
                #expect(try await updates.next() == 2)
            }
        }
    }
}
