import CCellar
import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// Queues whose bytes are damaged, and times that are out of all bounds: an error, or whole elements; never a trap or a hang.
@Suite(.timeLimit(.minutes(5))) struct QueueDamageTests {
    private static let options = QueueOptions(
        capacity: 8, priorities: 2, leaseTime: .milliseconds(50), maximumDeliveries: 3)

    /// Of each state something.
    private func fill(_ queue: SharedQueue<Triple>) throws {
        try queue.put(contentsOf: [Triple(1), Triple(2), Triple(3)])
        try queue.put(Triple(4), priority: 1, delay: .seconds(3600))
        _ = try queue.lease()
        for _ in 0..<3 { try queue.lease()?.reject() }
        _ = try queue.get(timeout: .milliseconds(1))
        try queue.put(Triple(5), priority: 1)
        #expect(try queue.depth.dead == 1)
    }

    /// A bit of everything; elements that come out are whole.
    private func use(_ queue: SharedQueue<Triple>, _ store: Store, _ story: String) {
        func expectWhole(_ triple: Triple?) { if let triple { #expect(triple.isWhole, "\(story): \(triple)") } }
        let steps: [() throws -> Void] = [
            { _ = try queue.depth },
            { for triple in try queue.elementsInOrder() { expectWhole(triple) } },
            { _ = try queue.tryPut(Triple(6)) },
            { expectWhole(try queue.tryGet()) },
            { for triple in try queue.get(upTo: 2, timeout: .zero) { expectWhole(triple) } },
            { try queue.put(Triple(7), delay: .milliseconds(1), timeout: .zero) },
            { try queue.put(contentsOf: [Triple(8), Triple(9)], timeout: .zero) },
            {
                let leases = try queue.lease(upTo: 2, timeout: .zero)
                for lease in leases { expectWhole(lease.element) }
                try leases.first?.extend()
                try leases.first?.reject(delay: .milliseconds(1))
                try leases.last?.acknowledge()
            },
            { expectWhole(try queue.get(timeout: .microseconds(100))) },
            { try queue.taskDone() }, { try queue.join(timeout: .zero) },
            { expectWhole(try queue.deadLetters.take()) }, { _ = try queue.deadLetters.retry() },
            { _ = try store.untypedQueue("jobs").items() }, { _ = try store.untypedQueue("jobs").depth() },
            { try queue.close() }, { expectWhole(try queue.tryGet()) }, { try queue.reopen() },
            { try queue.removeAll() }, { try queue.put(Triple(10), timeout: .zero) },
            { expectWhole(try queue.tryGet()) },
        ]
        let codes: [StoreError.Code] = [.corruptSegment, .timedOut, .invalidValue, .closed, .leaseEnded]
        for step in steps {
            do { try step() } catch {
                let code = (error as? StoreError)?.code
                #expect(code.map(codes.contains) == true, "\(story): \(error)")
            }
        }
    }

    private static let garbage: [UInt64] = [
        0, 1, 2, 8, 9, .max, .max - 1, 1 << 63, 1 << 31, 1 << 32, 1 << 32 - 1, 1 << 40 | 1, 1 << 63 - 1, 0x0101,
    ]

    /// The bytes of a queue, as they are put back before each damage.
    @safe private struct Bytes {
        let queue: QueueMemory
        let index: [UInt8]
        let content: [UInt8]
        private let contentStart: UnsafeMutableRawPointer

        init(_ queue: SharedQueue<Triple>) {
            self.queue = queue.core.memory
            let reference = queue.core.cell.reference
            unsafe contentStart = reference.cell.payload
            unsafe index = [UInt8](UnsafeRawBufferPointer(start: reference.index, count: reference.indexSize))
            unsafe content = [UInt8](
                UnsafeRawBufferPointer(start: contentStart, count: queue.core.shape.byteCount))
        }

        func putBack() {
            unsafe index.withUnsafeBytes { unsafe queue.index.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
            unsafe content.withUnsafeBytes {
                unsafe contentStart.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
            queue.reference.whole.setRelaxed(1)
        }

        func damageIndex(_ offset: Int, _ word: UInt64) {
            unsafe queue.index.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
        }
        func damageContent(_ offset: Int, _ word: UInt64) {
            unsafe contentStart.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
        }
    }

    /// Each word of the index, to each kind of garbage; the taken of all processes but some.
    @Test func aDamagedIndex() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "a damaged index")
            let store = try scratch.open { $0.lockTimeout = .milliseconds(100) }
            let queue = try store.queue("jobs", of: Triple.self, options: Self.options)
            try fill(queue)
            let bytes = Bytes(queue)
            let offsets = Array(stride(from: 0, to: min(queue.core.shape.takers + 64, bytes.index.count), by: 8))
            for offset in offsets {
                for word in Self.garbage + [random.next()] {
                    bytes.putBack()
                    bytes.damageIndex(offset, word)
                    use(queue, store, "index + \(offset): \(word)")
                }
            }
            bytes.putBack()
            #expect(try queue.tryGet() == Triple(5))
        }
    }

    /// The words before the items, and before each item's bytes; with the index there, and to be made anew.
    @Test(arguments: [true, false]) func damagedItems(hasIndex: Bool) throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "damaged items")
            let store = try scratch.open { $0.lockTimeout = .milliseconds(100) }
            let queue = try store.queue("jobs", of: Triple.self, options: Self.options)
            try fill(queue)
            let bytes = Bytes(queue)
            let shape = queue.core.shape
            let heads = (0..<shape.capacity).map { QueueShape.contentHead + $0 * shape.stride }
            let offsets = [0, 8] + heads.flatMap { head in (0..<7).map { head + $0 * 8 } }
            for offset in offsets {
                for word in Self.garbage + [random.next()] {
                    bytes.putBack()
                    bytes.damageContent(offset, word)
                    if !hasIndex { queue.core.cell.reference.whole.setRelaxed(0) }
                    use(queue, store, "content + \(offset): \(word)")
                }
            }
        }
    }

    /// Several words at once, wherever.
    @Test func damageAtRandom() throws {
        try withScratchStore { scratch in
            var random = SeededRandom(for: "queue damage")
            let store = try scratch.open { $0.lockTimeout = .milliseconds(100) }
            let queue = try store.queue("jobs", of: Triple.self, options: Self.options)
            try fill(queue)
            let bytes = Bytes(queue)
            let shape = queue.core.shape
            for round in 0..<2000 {
                bytes.putBack()
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let word = Bool.random(using: &random) ? random.next() : Self.garbage.randomElement(using: &random)!
                    if Bool.random(using: &random) {
                        bytes.damageIndex(Int.random(in: 0..<shape.takers / 8, using: &random) * 8, word)
                    } else {
                        let item = Int.random(in: 0..<shape.capacity, using: &random) * shape.stride
                        let field = Int.random(in: 0..<7, using: &random) * 8
                        bytes.damageContent(QueueShape.contentHead + item + field, word)
                    }
                }
                if random.next() % 3 == 0 { queue.core.cell.reference.whole.setRelaxed(0) }
                use(queue, store, "round \(round) of the seed \(random.seed)")
            }
        }
    }

    /// Who waited for an item that is due in hundreds of years was ended: the time was an overflow.
    @Test(arguments: [Duration.seconds(Int64.max), .seconds(1 << 40), .nanoseconds(Int64.max)])
    func anItemThatIsDueInAThousandYears(delay: Duration) throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("jobs", of: Int.self)
            try queue.put(1, delay: delay)
            #expect(codeThrown { _ = try queue.get(timeout: .milliseconds(1)) } == .timedOut)
            #expect(codeThrown { _ = try queue.lease(timeout: .milliseconds(1)) } == .timedOut)
            #expect(try queue.depth.delayed == 1)
            let lease = try #require(try scratch.open().queue("others", of: Int.self).leaseOne())
            try lease.reject(delay: delay)
        }
    }

    /// What stands behind an element that is too long was never told to who slept.
    @Test func aTooLongElementAmongOthersPutsNone() throws {
        try withScratchStore { scratch in
            let queue = try scratch.open().queue("texts", of: String.self, options: QueueOptions(maximumByteCount: 4))
            #expect(codeThrown { try queue.put(contentsOf: ["a", "much too long", "b"]) } == .invalidValue)
            #expect(try queue.isEmpty)
        }
    }
}

extension SharedQueue<Int> {
    fileprivate func leaseOne() throws -> QueueLease<Int>? {
        try put(1)
        return try lease(timeout: .seconds(10))
    }
}
