import CellarTestSupport
import Testing

@testable import Cellar

/// Pipes with both ends in this process; see ProcessTests.Pipes for those between processes.
struct PipeTests {
    private struct Point: BitwiseCopyable, Sendable, Equatable { var x = 0.0, y = 0.0, z = 0.0 }

    private func pair(_ store: Store, capacity: Int = 1024) throws -> (PipeEnd, PipeEnd) {
        let pipe = try store.pipe("p", capacity: capacity)
        return (try pipe.open(.first), try pipe.open(.second))
    }

    @Test func messagesOfAllKindsBothWays() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open())
            try first.send([1, 2, 3])
            try first.send(Point(x: 1, y: 2, z: 3))
            try unsafe first.send(byteCount: 9) { unsafe $0.copyBytes(from: 0..<9) }
            try first.send([])
            try second.send(UInt16(7))
            #expect(try second.poll())
            #expect(try second.receive() == [1, 2, 3])
            #expect(try second.receive(as: Point.self) == Point(x: 1, y: 2, z: 3))
            let isSame = try second.receive { span in unsafe span.withUnsafeBytes { unsafe $0.elementsEqual(0..<9) } }
            #expect(isSame == true)
            #expect(try second.receive() == [])
            #expect(try second.tryReceive() == nil)
            #expect(try !second.poll())
            #expect(try first.receive(as: UInt16.self) == 7)
        }
    }

    /// A body that throws sends nothing; of one that receives, the message stays. So does one of another size, or that is no value.
    @Test func whatFailsChangesNothing() throws {
        struct Failure: Error {}
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open())
            #expect(throws: Failure.self) { try unsafe first.send(byteCount: 8) { _ in throw Failure() } }
            #expect(try second.tryReceive() == nil)
            try first.send([7])
            #expect(throws: Failure.self) { _ = try second.receive { _ in throw Failure() } }
            #expect(codeThrown { _ = try second.receive(as: Int.self) } == .mismatch)
            #expect(codeThrown { _ = try second.receive(as: Bool.self) } == .invalidValue)
            #expect(try second.receive(as: UInt8.self) == 7)
        }
    }

    /// Every size at every place of the ring; the writer never more than the ring ahead.
    @Test(arguments: [64, 128, 256]) func wrapsAroundAtEveryPlace(capacity: Int) throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open(), capacity: capacity)
            #expect(first.largestMessage == capacity / 2 - 8)
            for size in 0...first.largestMessage {
                for step in 0..<40 {
                    let message = (0..<(step % 3 == 0 ? size : step % 9)).map { UInt8(truncatingIfNeeded: $0 + step) }
                        .prefix(first.largestMessage)
                    #expect(try first.trySend(Array(message)), "it must fit in an empty ring")
                    #expect(try second.receive() == Array(message))
                }
            }
            #expect(
                codeThrown { try first.send([UInt8](repeating: 0, count: first.largestMessage + 1)) } == .limitReached)
        }
    }

    @Test func randomSizesInOrderAndWhole() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open(), capacity: 512)
            var random = SeededRandom(for: "pipe")
            let seed = random.next()
            let sender = background {
                var messages = PipeMessages(seed: seed, largest: first.largestMessage)
                for _ in 0..<20_000 { try first.send(messages.next(), timeout: .seconds(60)) }
                first.close()
            }
            var messages = PipeMessages(seed: seed, largest: first.largestMessage)
            var count = 0
            while let message = try second.receive(timeout: .seconds(60)) {
                try #require(message == messages.next(), "message \(count)")
                count += 1
            }
            #expect(count == 20_000)
            try runTask { try await sender.value }
        }
    }

    @Test func aFullRingMakesSendWait() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open(), capacity: 64)
            var sent = 0
            while try first.trySend(sent) { sent += 1 }
            #expect(sent == 3)
            #expect(codeThrown { try first.send(9, timeout: .milliseconds(5)) } == .timedOut)
            let late = background { [sent] in try first.send(sent, timeout: .seconds(60)) }
            for number in 0...sent { #expect(try second.receive(as: Int.self, timeout: .seconds(60)) == number) }
            try runTask { try await late.value }
            #expect(codeThrown { _ = try second.receive(timeout: .milliseconds(5)) } == .timedOut)
        }
    }

    @Test func theEndComesAfterAllThatWasSent() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let (first, second) = try pair(store)
            try first.send(1)
            try second.send(2)
            first.close()
            first.close()
            #expect(codeThrown { try first.send(3) } == .closed)
            #expect(codeThrown { try second.send(3) } == .peerGone)
            #expect(second.isPeerGone)
            #expect(try second.poll())
            #expect(try second.receive(as: Int.self) == 1)
            #expect(try second.receive() == nil)
            #expect(try second.receive() == nil)
            // The other is not closed yet.
            let pipe = try store.pipe("p")
            #expect(codeThrown { _ = try pipe.open(.first) } == .inUse)
            #expect(codeThrown { _ = try pipe.connect() } == .inUse)
            second.close()
            let again = try pipe.connect()
            #expect(again.side == .first)
            #expect(try again.tryReceive() == nil, "it began anew")
            #expect(pipe.status.second == .free)
        }
    }

    /// What was sent before the other end was opened at all is kept for it, even when the sender is gone by then.
    @Test func whatWasSentBeforeTheOtherCame() throws {
        try withScratchStore { scratch in
            let pipe = try scratch.open().pipe("p", capacity: 100)
            #expect(pipe.capacity == 128)
            do {
                let first = try pipe.connect()
                try first.send(5)
                #expect(pipe.status.bytesFromFirst == 16)
                #expect(codeThrown { _ = try pipe.open(.first) } == .inUse)
            }
            let second = try pipe.connect()
            #expect(second.side == .second)
            #expect(try second.receive(as: Int.self) == 5)
            #expect(try second.receive() == nil)
        }
    }

    @Test func tasksWaitWithoutAThread() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open(), capacity: 64)
            let echo = background {
                var count = 0
                while let number = try await second.receive(as: Int.self) {
                    try await second.send(number + 1)
                    count += 1
                }
                return count
            }
            for number in 0..<500 {
                try first.send(number, timeout: .seconds(60))
                #expect(try first.receive(as: Int.self, timeout: .seconds(60)) == number + 1)
            }
            first.close()
            #expect(try runTask { try await echo.value } == 500)
            let waiting = background { try await second.receive() }
            #expect(try runTask { try await waiting.value } == nil)
        }
    }

    @Test func aTaskIsCancelledAndAThreadIsLetGo() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open())
            let waiting = background { try await second.receive() }
            waiting.cancel()
            #expect(throws: CancellationError.self) { try runTask { _ = try await waiting.value } }
            let thread = background { codeThrown { _ = try first.receive(timeout: .seconds(60)) } }
            while first.core.memory.ring(from: 1).written.waiting.acquire() == 0 {}
            first.close()
            #expect(try runTask { try await thread.value } == .closed)
        }
    }

    /// Four threads on one end: each message comes whole, once, and in its sender's order.
    @Test func severalThreadsOnOneEnd() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open(), capacity: 256)
            let senders = (0..<2).map { number in
                background { for step in 0..<5_000 { try first.send((number, step), timeout: .seconds(60)) } }
            }
            var next = [0, 0]
            for _ in 0..<10_000 {
                let (number, step) = try #require(try second.receive(as: (Int, Int).self, timeout: .seconds(60)))
                try #require(next[number] == step)
                next[number] += 1
            }
            try runTask { for sender in senders { try await sender.value } }
        }
    }

    @Test func whatItIsAndWhatItIsNot() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let pipe = try store.pipe("p", capacity: 1024)
            #expect(codeThrown { _ = try store.pipe("p", capacity: 2048) } == .mismatch)
            #expect(codeThrown { _ = try store.pipe("none") } == .noSuchCell)
            #expect(codeThrown { _ = try store.list("p", of: Int.self) } == .mismatch)
            #expect(codeThrown { _ = try store.pipe("q", capacity: 1 << 40) } == .limitReached)
            #expect(try store.cells().map(\.kind) == [.pipe])
            #expect(storeError { _ = try store.value("p", of: Int.self) }?.message.contains("capacity=1024") == true)
            let end = try pipe.open(.first)
            try store.remove("p")
            #expect(codeThrown { _ = try end.receive(timeout: .seconds(60)) } == .removed)
            #expect(codeThrown { try end.send(1) } == .removed)
            #expect(codeThrown { _ = try pipe.open(.second) } == .removed)
        }
    }

    @Test func aReadOnlyProcessOnlyLooks() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open())
            try first.send(1)
            let pipe = try scratch.openReadOnly().pipe("p")
            #expect(pipe.status.bytesFromFirst == 16)
            guard case .held(let who) = pipe.status.first else { return #expect(Bool(false)) }
            #expect(who.isAlive)
            #expect(codeThrown { _ = try pipe.connect() } == .readOnly)
            #expect(try second.receive(as: Int.self) == 1)
        }
    }

    /// Heads and positions of all kinds: an error, and never a trap, a read out of bounds, or a loop.
    @Test func damagedHeadsAndPositions() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let pipe = try store.pipe("p", capacity: 256)
            var random = SeededRandom(for: "damaged pipe")
            let numbers: [UInt64] = [0, 1, 7, 121, 122, 129, 257, 1 << 31, 1 << 32, 1 << 63, .max, .max - 1]
            for round in 0..<2_000 {
                let (first, second) = (try pipe.open(.first), try pipe.open(.second))
                let ring = first.core.memory.ring(from: 0)
                for step in 0..<6 {
                    let word = numbers[Int(random.next() % UInt64(numbers.count))]
                    switch random.next() % 6 {
                    case 0: ring.head(Int(random.next() % 32) * 8).setRelaxed(word)
                    case 1: ring.read.position.setRelaxed(word)
                    case 2: ring.written.position.setRelaxed(word)
                    default: break
                    }
                    let codes = [
                        codeThrown { _ = try first.trySend([UInt8](repeating: 1, count: Int(random.next() % 121))) },
                        codeThrown { _ = try second.tryReceive() },
                    ]
                    for code in codes { #expect(code == nil || code == .corruptSegment, "\(round).\(step)") }
                    _ = pipe.status
                }
                first.close()
                second.close()
            }
            let (first, second) = (try pipe.open(.first), try pipe.open(.second))
            try first.send(1)
            #expect(try second.receive(as: Int.self) == 1, "it began anew")
            first.core.memory.holder(1).release(0x1234_5678_0000_FFFF)
            #expect(codeThrown { _ = try first.poll(timeout: .milliseconds(1)) } == nil)
            #expect(first.isPeerGone)
        }
    }

    /// One thread sends from within the body that receives, and waits for room, while another closes the end.
    @Test func closingBesideAnEcho() throws {
        try withScratchStore { scratch in
            let (first, second) = try pair(try scratch.open(), capacity: 64)
            try first.send(1)
            let echo = background {
                codeThrown { _ = try second.receive { _ in while true { try second.send(2, timeout: .seconds(60)) } } }
            }
            // It comes out of the body, which is there.
            _ = try first.receive(timeout: .seconds(60))
            second.close()
            #expect(try runTask { try await echo.value } == .closed)
        }
    }
}
