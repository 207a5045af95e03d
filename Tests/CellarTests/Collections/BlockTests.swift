import CellarTestSupport
import Testing

@testable import Cellar

struct BlockTests {
    @Test func writingAndReading() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let block = try store.block("frame", byteCount: 200_000)
            #expect(block.byteCount == 200_000)
            unsafe try block.withUnsafeMutableBytes { bytes in
                let place = UInt(bitPattern: bytes.baseAddress!)
                #expect(place % 64 == 0)
                for index in bytes.indices { unsafe bytes[index] = UInt8(truncatingIfNeeded: index / 1000) }
            }
            #expect(block.generation == 1)
            let byte = try block.withBytes { unsafe $0.unsafeLoad(fromByteOffset: 150_500, as: UInt8.self) }
            #expect(byte == 150)
            let interrupted: Void? = try block.withBytes { _ in
                try unsafe block.withUnsafeMutableBytes(in: 0..<10) { unsafe $0[0] = 9 }
            }
            #expect(interrupted == nil)
            let (bytes, generation) = try block.versioned()
            #expect(generation == 2 && bytes[0] == 9 && bytes[199_999] == 199)
            var copy = [UInt8](repeating: 0, count: 200_000)
            let read = try unsafe copy.withUnsafeMutableBytes { try unsafe block.read(into: $0) }
            #expect(read == 2)
            #expect(copy == bytes)
            let again = try scratch.reboot().block("frame")
            #expect(again.generation == 0)
            #expect(try again.bytes() == bytes)
            #expect(codeThrown { _ = try scratch.open().block("frame", byteCount: 5) } == .mismatch)
            try again.write([UInt8](repeating: 3, count: 200_000))
            #expect(try scratch.reboot().block("frame").bytes().allSatisfy { $0 == 3 })
        }
    }

    /// Copies are of one moment, while two write.
    @Test func copiesAreOfOneMoment() throws {
        try withScratchStore { scratch in
            let block = try scratch.open().block("frame", byteCount: 4_099, persistence: .volatile)
            let writers = (0..<2).map { number in
                background {
                    for step in 0..<3_000 {
                        try block.write([UInt8](repeating: UInt8(truncatingIfNeeded: step * 2 + number), count: 4_099))
                    }
                }
            }
            for _ in 0..<3_000 {
                let bytes = try block.bytes()
                try #require(bytes.allSatisfy { $0 == bytes[0] })
            }
            try runTask { for writer in writers { try await writer.value } }
            #expect(block.generation == 6_000)
        }
    }

    @Test func waitingForWrites() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let block = try store.block("frame", byteCount: 64)
            #expect(try block.wait(afterGeneration: 0, timeout: .milliseconds(5)) == nil)
            let watcher = background {
                var seen: [UInt64] = []
                for try await generation in block.changes {
                    seen.append(generation)
                    if generation == 200 { break }
                }
                return seen
            }
            let waiting = background { try block.wait(afterGeneration: 199, timeout: .seconds(60)) }
            for step in 0..<200 { try block.write([UInt8](repeating: UInt8(step), count: 64)) }
            #expect(try runTask { try await waiting.value } == 200)
            let seen = try runTask { try await watcher.value }
            #expect(seen.last == 200 && seen == seen.sorted())
            let last = background { codeThrown { _ = try block.wait(afterGeneration: 200, timeout: .seconds(60)) } }
            try store.remove("frame")
            #expect(try runTask { try await last.value } == .removed)
            #expect(codeThrown { _ = try block.bytes() } == .removed)
        }
    }

    /// What a writer leaves that died: with the lock taken and given back by hand.
    @Test func aTornBlockIsToldUntilItIsWrittenWhole() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let block = try store.block("frame", byteCount: 1_000)
            try block.write([UInt8](repeating: 1, count: 1_000))
            try store.sync()
            block.core.memory.begin(10..<20)
            #expect(codeThrown { _ = try block.bytes() } == .ownerDied)
            #expect(codeThrown { _ = try block.withBytes { _ in } } == .ownerDied)
            let writing = codeThrown { try unsafe block.withUnsafeMutableBytes { _ in } }
            #expect(writing == .ownerDied)
            #expect(codeThrown { _ = try scratch.openReadOnly().block("frame").bytes() } == .ownerDied)
            unsafe try block.withUnsafeMutableBytes(repairs: true) {
                _ = unsafe $0.initializeMemory(as: UInt8.self, repeating: 2)
            }
            #expect(try block.bytes().allSatisfy { $0 == 2 })
            block.core.memory.begin(0..<1_000)
            try block.write([UInt8](repeating: 3, count: 1_000))
            #expect(try block.bytes().allSatisfy { $0 == 3 })
            // Died before it wrote anything, or after it had written all.
            block.core.memory.generation.add(1)
            #expect(try block.bytes().allSatisfy { $0 == 3 })
        }
    }

    /// A repair that throws, or that is of a range, leaves the block half written.
    @Test func whatIsNotRepairedStaysTorn() throws {
        struct Failure: Error {}
        try withScratchStore { scratch in
            let block = try scratch.openQuiet().block("frame", byteCount: 1_000)
            block.core.memory.begin(10..<20)
            #expect(throws: Failure.self) {
                try unsafe block.withUnsafeMutableBytes(repairs: true) { _ in throw Failure() }
            }
            #expect(codeThrown { _ = try block.bytes() } == .ownerDied)
            let ranged = codeThrown { try unsafe block.withUnsafeMutableBytes(in: 0..<5, repairs: true) { _ in } }
            #expect(ranged == .ownerDied)
            try block.write([UInt8](repeating: 3, count: 1_000))
            #expect(try block.bytes().allSatisfy { $0 == 3 })
        }
    }

    /// A writer that died at its last step: who waits learns of the write, and who may only read reads.
    @Test func aWriteDoneButForItsNumber() throws {
        try withScratchStore { scratch in
            let block = try scratch.openQuiet().block("frame", byteCount: 64)
            block.core.memory.generation.add(1)
            #expect(try scratch.openReadOnly().block("frame").bytes().allSatisfy { $0 == 0 })
            #expect(try block.wait(afterGeneration: 0, timeout: .seconds(60)) == 1)
        }
    }
}
