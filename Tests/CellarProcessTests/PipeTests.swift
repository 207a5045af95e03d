import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Pipes between processes that live, and that are killed.
    @Suite struct Pipes {
        @Test func randomMessagesInOrder() throws {
            try withScratchStore(seconds: 120) { scratch in
                let end = try scratch.open().pipe("p", capacity: 4096).open(.first)
                var random = SeededRandom(for: "pipe between processes")
                let seed = Int(random.next() >> 2)
                let worker = try scratch.worker("pipe-send", seed, 30_000)
                var messages = PipeMessages(seed: UInt64(seed), largest: end.largestMessage)
                for number in 0..<30_000 {
                    let message = try #require(try end.receive(timeout: .seconds(60)))
                    try #require(message == messages.next(), "message \(number)")
                }
                try worker.expect("ready")
                try worker.expect("sent")
                #expect(try end.tryReceive() == nil)
                #expect(!end.isPeerGone)
            }
        }

        @Test(arguments: ["pipe-echo", "pipe-echo-task"]) func backAndForth(command: String) throws {
            try withScratchStore(seconds: 120) { scratch in
                let pipe = try scratch.open().pipe("p", capacity: 256)
                let end = try pipe.connect()
                let worker = try scratch.worker(command)
                for number in 0..<3_000 {
                    try end.send(number, timeout: .seconds(60))
                    try #require(try end.receive(as: Int.self, timeout: .seconds(60)) == number)
                }
                end.close()
                try worker.expect("ready")
                try worker.expect("end after 3000")
                #expect(try worker.wait() == .exit(0))
                #expect(pipe.status.first == .gone && pipe.status.second == .gone)
            }
        }

        /// All that a killed process sent comes first, then the end.
        @Test func theEndAfterAKill() throws {
            try withScratchStore { scratch in
                let end = try scratch.open().pipe("p", capacity: 1 << 16).open(.first)
                let worker = try scratch.worker("pipe-send", 5, 100, 500)
                var messages = PipeMessages(seed: 5, largest: 500)
                try worker.expect("ready")
                for _ in 0..<90 { #expect(try end.receive(timeout: .seconds(60)) == messages.next()) }
                try worker.expect("sent")
                worker.kill()
                for _ in 0..<10 { #expect(try end.receive(timeout: .seconds(60)) == messages.next()) }
                #expect(try end.receive(timeout: .seconds(60)) == nil)
                #expect(codeThrown { try end.send(1) } == .peerGone)
            }
        }

        /// Killed at any moment while it sends: what came is 0, 1, 2, … without a gap, and then the end.
        @Test func killedWhileItSends() throws {
            try withScratchStore(seconds: 120) { scratch in
                let pipe = try scratch.open().pipe("p", capacity: 256)
                for round in 0..<10 {
                    let end = try pipe.open(.first)
                    let worker = try scratch.worker("pipe-count")
                    for number in 0..<(round * 1_000 + 1) {
                        try #require(try end.receive(as: Int.self, timeout: .seconds(60)) == number)
                    }
                    worker.kill()
                    var next = round * 1_000 + 1
                    while let number = try end.receive(as: Int.self, timeout: .seconds(60)) {
                        try #require(number == next)
                        next += 1
                    }
                }
            }
        }

        /// A sender that waits for room, and a receiver that waits for a message, both learn that the other was killed.
        @Test func waitersLearnOfADeath() throws {
            try withScratchStore { scratch in
                let pipe = try scratch.open().pipe("p", capacity: 64)
                for isSending in [true, false] {
                    let end = try pipe.open(.first)
                    let worker = try scratch.worker("pipe-hold")
                    try worker.expect("ready")
                    if isSending { while try end.trySend(1) {} }
                    let waiting = background {
                        codeThrown {
                            if isSending { try end.send(1, timeout: .seconds(60)) }
                            while try end.receive(timeout: .seconds(60)) != nil {}
                        }
                    }
                    let task = background { isSending ? nil : try await end.receive() }
                    worker.kill()
                    #expect(try runTask { try await waiting.value } == (isSending ? .peerGone : nil))
                    #expect(try runTask { try await task.value } == nil)
                    end.close()
                }
            }
        }

        @Test func bothEndsKilledAndOpenedAgain() throws {
            try withScratchStore { scratch in
                let pipe = try scratch.open().pipe("p", capacity: 64)
                for _ in 0..<5 {
                    let workers = try (0..<2).map { _ in try scratch.worker("pipe-hold") }
                    for worker in workers { try worker.expect("ready") }
                    #expect(codeThrown { _ = try pipe.connect() } == .inUse)
                    workers[0].kill()
                    // One is left: nobody gets in between.
                    #expect(codeThrown { _ = try pipe.connect() } == .inUse)
                    workers[1].kill()
                    let (first, second) = (try pipe.connect(), try pipe.connect())
                    try first.send(1)
                    #expect(try second.receive(as: Int.self) == 1)
                }
            }
        }

        @Test(arguments: ["end", "store"]) func whoHasWhichEnd(what: String) throws {
            try withScratchStore { scratch in
                let pipe = try scratch.open().pipe("p", capacity: 64)
                let worker = try scratch.worker("pipe-hold", what)
                try worker.expect("ready")
                let error = try #require(storeError { _ = try pipe.open(.first) })
                #expect(error.code == .inUse && error.message.contains("worker-\(worker.processID)"))
                let end = try pipe.open(.second)
                worker.send()
                try worker.expect("closed")
                #expect(try end.receive(timeout: .seconds(60)) == nil)
            }
        }

        @Test func afterAFork() throws {
            try withScratchStore { scratch in
                let end = try scratch.open().pipe("p", capacity: 64).open(.first)
                let worker = try scratch.worker("pipe-fork")
                #expect(try worker.line().hasPrefix("inherited closed"))
                try worker.expect("sent")
                #expect(try end.receive(as: Int.self, timeout: .seconds(60)) == 2)
                #expect(!end.isPeerGone)
            }
        }
    }
}
