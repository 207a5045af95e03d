import CellarFoundation
import CellarTestSupport
import Testing

@testable import Cellar

/// Putting and getting, by one process.
struct QueueTests {
    private struct Job: Codable, Hashable, Sendable {
        var name: String
        var size: Int
    }

    @Test func firstInFirstOut() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self, options: QueueOptions(capacity: 8))
            #expect(try queue.tryGet() == nil)
            // Around the ring several times.
            var next = 0
            var expected = 0
            for round in 1...50 {
                for _ in 0..<(round % 8 + 1) {
                    try queue.put(next)
                    next += 1
                }
                #expect(try queue.count == round % 8 + 1)
                for _ in 0..<(round % 8 + 1) {
                    #expect(try queue.get() == expected)
                    expected += 1
                }
            }
            #expect(try queue.isEmpty)
        }
    }

    @Test func aFullQueueRefuses() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self, options: QueueOptions(capacity: 3))
            #expect(try queue.put(contentsOf: 1...5, timeout: .zero) == 3)
            #expect(try !queue.tryPut(9))
            #expect(codeThrown { try queue.put(9, timeout: .milliseconds(1)) } == .timedOut)
            #expect(try queue.get(upTo: 2) == [1, 2])
            #expect(try queue.tryPut(9))
            #expect(try queue.get(upTo: 10) == [3, 9])
            #expect(codeThrown { _ = try queue.get(timeout: .milliseconds(1)) } == .timedOut)
        }
    }

    @Test func elementsOfAllKinds() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let texts = try store.queue("texts", of: String.self, options: QueueOptions(maximumByteCount: 12))
            try texts.put("")
            try texts.put("zwölf Zeiche"[...].prefix(11).description)
            #expect(storeError { try texts.put("much too long for it") }?.message.contains("room for 12") == true)
            #expect(try texts.get(upTo: 9) == ["", "zwölf Zeich"])

            let bytes = try store.queue("bytes", of: [UInt8].self, options: QueueOptions(capacity: 2))
            try bytes.put([1, 2, 3])
            #expect(try bytes.get() == [1, 2, 3])

            let jobs = try store.queue("jobs", of: Job.self, codec: .json)
            try jobs.put(contentsOf: [Job(name: "a", size: 1), Job(name: "b", size: 2)])
            #expect(try jobs.get() == Job(name: "a", size: 1))
            #expect(try jobs.withLease { $0 } == Job(name: "b", size: 2))

            let flags = try store.queue("flags", of: Bool.self)
            try flags.put(true)
            #expect(try flags.get() == true)
        }
    }

    @Test func higherPrioritiesFirst() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self, options: QueueOptions(priorities: 64))
            for (number, priority) in [(1, 0), (2, 5), (3, 63), (4, 5), (5, 0), (6, 63)] {
                try queue.put(number, priority: priority)
            }
            #expect(try queue.get(upTo: 10) == [3, 6, 2, 4, 1, 5])
        }
    }

    @Test func delayedOnesComeWhenTheyAreDue() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self, options: QueueOptions(capacity: 16))
            try queue.put(1, delay: .milliseconds(60))
            try queue.put(2, delay: .milliseconds(30))
            try queue.put(3)
            #expect(try queue.depth.delayed == 2)
            #expect(try queue.get() == 3)
            #expect(try queue.tryGet() == nil)
            // The consumer sleeps until the first is due.
            #expect(try queue.get() == 2)
            #expect(try queue.get() == 1)
            #expect(try queue.isEmpty)
        }
    }

    @Test func aClosedQueueIsDrainedAndThenAtItsEnd() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self)
            try queue.put(contentsOf: 1...3)
            try queue.close()
            #expect(codeThrown { try queue.put(4) } == .closed)
            #expect(try queue.get() == 1)
            let lease = try #require(try queue.lease())
            #expect(try queue.get() == 3)
            // What is leased may come back.
            #expect(codeThrown { _ = try queue.get(timeout: .milliseconds(1)) } == .timedOut)
            try lease.reject()
            #expect(try queue.get() == 2)
            #expect(try queue.get() == nil)
            #expect(try queue.get(upTo: 5) == [])
            #expect(try queue.lease() == nil)
            try queue.reopen()
            try queue.put(7)
            #expect(try queue.get() == 7)
        }
    }

    @Test func joining() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self)
            try queue.join()
            try queue.put(contentsOf: 1...3)
            #expect(codeThrown { try queue.join(timeout: .milliseconds(1)) } == .timedOut)
            _ = try queue.get(upTo: 2)
            #expect(codeThrown { try queue.join(timeout: .milliseconds(1)) } == .timedOut)
            try queue.taskDone()
            try queue.taskDone()
            let lease = try #require(try queue.lease())
            #expect(codeThrown { try queue.join(timeout: .milliseconds(1)) } == .timedOut)
            try lease.acknowledge()
            try queue.join()
            #expect(storeError { try queue.taskDone() }?.message.contains("more items") == true)
        }
    }

    @Test func whatItWasMadeAsStays() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            _ = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 10, priorities: 3))
            #expect(try store.queue("jobs", of: Int.self).capacity == 10)
            let error = storeError { _ = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 11)) }
            #expect(error?.code == .mismatch)
            #expect(error?.message.contains("capacity=10") == true && error?.message.contains("capacity=11") == true)
            #expect(codeThrown { _ = try store.queue("jobs", of: Double.self) } == .mismatch)
            #expect(codeThrown { _ = try store.value("jobs", initial: 1) } == .mismatch)
            #expect(codeThrown { _ = try store.dictionary("jobs", keys: Int.self, values: Int.self) } == .mismatch)
            _ = try store.value("number", initial: 1)
            #expect(codeThrown { _ = try store.queue("number", of: Int.self) } == .mismatch)
            #expect(try store.cells().map(\.kind) == [.queue, .value])
        }
    }

    @Test func aRemovedQueueIsGone() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let queue = try store.queue("jobs", of: Int.self)
            let other = try store.queue("others", of: Int.self)
            try queue.put(1)
            let waiter = background { () -> Int? in try? await other.get() }
            try store.remove("jobs")
            #expect(codeThrown { try queue.put(2) } == .removed)
            #expect(queue.isRemoved)
            let new = try store.queue("jobs", of: String.self)
            #expect(try new.tryGet() == nil)
            // Who waits is told.
            try store.remove("others")
            #expect(try runTask { try await waiter.value } == nil)
        }
    }

    @Test func tasksWaitWithoutAThread() throws {
        try withScratchStore { scratch in
            try runTask {
                let store = try scratch.open()
                let queue = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 4))
                let sums = (0..<3).map { _ in
                    background {
                        var sum = 0
                        for try await number in queue.elements {
                            sum += number
                            try queue.taskDone()
                        }
                        return sum
                    }
                }
                for number in 1...500 { try await queue.put(number) }
                try await queue.join()
                try queue.close()
                var total = 0
                for sum in sums { total += try await sum.value }
                #expect(total == 125_250)
            }
        }
    }

    @Test func aTaskThatIsCancelledWaitsNoLonger() throws {
        try withScratchStore { scratch in
            try runTask {
                let queue = try scratch.open().queue("jobs", of: Int.self)
                let waiter = background { try await queue.get() }
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                try await queue.put(1)
                #expect(try queue.tryGet() == 1)
            }
        }
    }

    @Test func aReadOnlyStoreLooks() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self)
            try queue.put(contentsOf: 1...3)
            let looking = try scratch.openReadOnly().queue("jobs", of: Int.self)
            #expect(try looking.count == 3)
            #expect(codeThrown { try looking.put(4) } == .readOnly)
            #expect(codeThrown { _ = try looking.tryGet() } == .readOnly)
            #expect(codeThrown { _ = try looking.tryLease() } == .readOnly)
            #expect(codeThrown { try looking.close() } == .readOnly)
            #expect(codeThrown { try looking.removeAll() } == .readOnly)
            #expect(try queue.get(upTo: 9) == [1, 2, 3])
        }
    }

    /// Text that is none, among others: each of the others came out, before and after, and only it is gone.
    @Test func oneThatIsNoElementTakesNoOtherAlong() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            func codec(_ version: Int) -> TableCodec<Int> {
                TableCodec(
                    type: "number", encode: { [UInt8("\($0)".utf8.first!)] },
                    decode: { bytes in
                        guard let number = Int(String(decoding: bytes, as: UTF8.self)), number != version else {
                            throw StoreError(.invalidValue, "of another version")
                        }
                        return number
                    })
            }
            let queue = try store.queue("numbers", codec: codec(3), options: QueueOptions(maximumDeliveries: 1))
            try queue.put(contentsOf: 1...5)
            #expect(try queue.get(upTo: 5) == [1, 2])
            #expect(codeThrown { _ = try queue.get(upTo: 5) } == .invalidValue)
            #expect(try queue.get(upTo: 5) == [4, 5])
            for _ in 0..<4 { try queue.taskDone() }
            try queue.join(timeout: .zero)

            try queue.put(contentsOf: 2...4)
            #expect(try queue.lease(upTo: 9).map(\.element) == [2, 4])
            #expect(try queue.deadLetters.count == 1)
            try queue.removeAll()
            try queue.put(3)
            #expect(codeThrown { _ = try queue.get() } == .invalidValue)
            #expect(try queue.depth.taken == 0)
        }
    }

    @Test func whatCannotBeIsRefused() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let many = QueueOptions(maximumDeliveries: .max)
            #expect(codeThrown { _ = try store.queue("jobs", of: Int.self, options: many) } == .memoryFull)
            #expect(
                codeThrown { _ = try store.log("log", of: Int.self, options: LogOptions(retainedByteCount: .max)) }
                    == .memoryFull)
            #expect(try store.cells().isEmpty)
            let queue = try store.queue("jobs", of: Int.self)
            #expect(codeThrown { try queue.put(1, priority: 1) } == .invalidValue)
            #expect(codeThrown { try queue.put(1, priority: -1) } == .invalidValue)
            try store.sync()
        }
    }
}
