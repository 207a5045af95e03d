import CCellar
import CellarTestSupport
import Testing

@testable import Cellar

/// `Store.check` of queues: whole ones are whole, planted damage is found, and looking changes nothing.
struct QueueCheckTests {
    private func fill(_ store: Store) throws -> SharedQueue<Int> {
        let queue = try store.queue("jobs", of: Int.self, options: QueueOptions(capacity: 2000, priorities: 3))
        try queue.put(contentsOf: 0..<1500, priority: 1)
        try queue.put(contentsOf: [1, 2, 3], priority: 2)
        try queue.put(4, delay: .seconds(3600))
        _ = try queue.lease(upTo: 5)
        _ = try queue.get(upTo: 700)
        return queue
    }

    @Test func wholeQueuesAreWhole() throws {
        try withScratchStore { scratch in
            let queue = try fill(try scratch.open())
            #expect(try Store.check(scratch.path).findings == [])
            try queue.close()
            try queue.sync()
            #expect(try Store.check(scratch.path).findings == [])
            scratch.closeAll()
            #expect(try Store.check(scratch.path).findings == [])
            _ = try scratch.reboot().queue("jobs", of: Int.self)
            #expect(try Store.check(scratch.path).findings == [])
            try Store.discardAfterClosing(scratch)
            #expect(try Store.check(scratch.path).findings == [])
        }
    }

    /// What is planted, and words that must be said of it.
    private func plants(_ queue: SharedQueue<Int>) -> [(offset: Int, word: UInt64, says: String)] {
        let (shape, head) = (queue.core.shape, QueueShape.contentHead)
        func item(_ number: Int, _ field: Int) -> Int { head + number * shape.stride + field }
        let memory = queue.core.memory
        let ready = (0..<shape.capacity).filter { memory.item($0).state == .ready }
        return [
            (item(ready[0], 0), 7, "in no known state"),
            (item(ready[1], 0), 9 << 8 | 1, "of 9 bytes, and room for 8"),
            (item(ready[2], 0), UInt64.max << 8 | 1, "bytes, and room for 8"),
            (item(ready[3], 48), 3 << 32, "of the priority 3, and 3 priorities"),
            (item(ready[4], 8), memory.item(ready[5]).sequence, "two items with the place"),
            (item(ready[6], 8), 1 << 40, "which was never given"),
            (item(ready[7], 0), 0, "items, and there are"),
            (8, 5, "neither open nor closed"),
        ]
    }

    @Test func plantedDamageIsFound() throws {
        try withScratchStore { scratch in
            let store = try scratch.open { $0.checkpointInterval = .seconds(3600) }
            let queue = try fill(store)
            try queue.sync()
            let content = unsafe queue.core.cell.reference.cell.payload
            for plant in plants(queue) {
                let old = unsafe content.load(fromByteOffset: plant.offset, as: UInt64.self)
                unsafe content.storeBytes(of: plant.word, toByteOffset: plant.offset, as: UInt64.self)
                let findings = try Store.check(scratch.path).findings
                #expect(
                    findings.contains {
                        $0.kind == .damaged && $0.structure == "queues" && $0.text.contains(plant.says)
                    }, "\(plant.says): \(findings)")
                unsafe content.storeBytes(of: old, toByteOffset: plant.offset, as: UInt64.self)
            }
            #expect(try Store.check(scratch.path).findings == [])
            // The same, where only the disk has it.
            for plant in plants(queue).dropLast(2) {
                let old = unsafe content.load(fromByteOffset: plant.offset, as: UInt64.self)
                unsafe content.storeBytes(of: plant.word, toByteOffset: plant.offset, as: UInt64.self)
                store.attachment.noteChange(0..<queue.core.shape.byteCount, of: queue.core.cell.reference.cell)
                try store.sync()
                let findings = try Store.check(try scratch.copyOfDisk()).findings
                #expect(
                    findings.contains { $0.structure == "queues" && $0.text.contains(plant.says) }
                        || plant.says.contains("never given"), "on disk, \(plant.says): \(findings)")
                unsafe content.storeBytes(of: old, toByteOffset: plant.offset, as: UInt64.self)
                store.attachment.noteChange(0..<queue.core.shape.byteCount, of: queue.core.cell.reference.cell)
            }
            try store.sync()
        }
    }

    /// A queue that others use all the time looks whole at every moment.
    @Test func aBusyQueueIsWhole() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self, options: QueueOptions(capacity: 50))
            let path = scratch.path
            let threads = try (0..<2).map { thread in try NativeThread(name: "works") { work(queue, thread) } }
            for _ in 0..<20 { #expect(try Store.check(path).findings.filter { $0.kind == .damaged } == []) }
            try queue.close()
            for thread in threads { thread.join() }
            #expect(try Store.check(path).findings == [])
        }
    }

    /// Until the queue is closed.
    private func work(_ queue: SharedQueue<Int>, _ thread: Int) {
        var number = thread
        while !queue.isClosed {
            _ = try? queue.tryPut(number)
            if number % 3 == 0 { try? queue.tryLease()?.reject() } else { _ = try? queue.tryGet() }
            number += 1
        }
    }
}

extension Store {
    fileprivate static func discardAfterClosing(_ scratch: ScratchStore) throws {
        scratch.closeAll()
        try Store.discardSegment(of: scratch.path)
    }
}
