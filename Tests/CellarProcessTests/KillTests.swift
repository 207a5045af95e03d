import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Processes are killed at random moments of everything they do. Nobody hangs, values are whole, counters never go
    /// back, and the next write works: at once, and after the segment is gone.
    ///
    /// Two workers storm at a time. Each round kills one of them, at a moment that the seed decides, looks at everything
    /// and starts another.
    @Suite struct Killing {
        @Test(arguments: [
            ("word+value+lock", 125), ("update+record", 100), ("bulk", 100), ("catalog", 125),
            ("word+value+lock+update+bulk+record+catalog", 75),
        ])
        func atRandomMoments(kinds: String, rounds: Int) throws {
            try withScratchStore { scratch in
                var random = SeededRandom(for: "killing at random in \(kinds)")
                var store = try scratch.open { $0.lockTimeout = .seconds(10) }
                var look = Look()
                try look.prepare(store)
                var workers = try (0..<2).map { try start(scratch, kinds, $0, &random) }
                for round in 0..<rounds {
                    let victim = Int.random(in: 0..<2, using: &random)
                    try workers[victim].expect("ready")
                    usleep(UInt32.random(in: 0..<4_000, using: &random))
                    #expect(workers[victim].kill() == .signal(SIGKILL))
                    #expect(workers[victim].linesSoFar() == [])
                    try look.check(store)
                    try look.write(store)
                    workers[victim] = try start(scratch, kinds, victim, &random)
                    if round % 25 == 24 {
                        // What a reboot leaves is what was there.
                        for worker in workers { worker.kill() }
                        try look.settle(store)
                        try look.check(store)
                        try store.sync()
                        let names = try store.cells().map(\.name)
                        scratch.closeAll()
                        try Store.discardSegment(of: scratch.path)
                        store = try scratch.open { $0.lockTimeout = .seconds(10) }
                        #expect(try store.cells().map(\.name) == names)
                        try look.check(store)
                        workers = try (0..<2).map { try start(scratch, kinds, $0, &random) }
                    }
                }
                scratch.endWorkers()
                try look.check(store)
            }
        }

        private func start(
            _ scratch: ScratchStore, _ kinds: String, _ number: Int, _ random: inout SeededRandom
        ) throws -> Worker {
            try scratch.worker("storm", kinds, random.next() >> 2, number)
        }
    }
}

/// Looks at what the storm leaves, and remembers what may only rise.
private struct Look {
    var counter = 0
    var blocks: [UInt64] = [0, 0]
    var triple = 0
    var updated = 0

    func prepare(_ store: Store) throws {
        _ = try store.value("counter", initial: 0)
        _ = try store.value("block", initial: Checksummed(number: 0))
        for number in blocks.indices { _ = try store.value("block \(number)", initial: Checksummed(number: 0)) }
        _ = try store.value("triple", initial: Triple(0))
        _ = try store.array("updated", of: Int.self, count: StormCells.arrayCount)
        _ = try store.array("bulk", of: Int.self, count: StormCells.arrayCount)
        _ = try store.array("records", of: Triple.self, count: StormCells.recordCount)
    }

    mutating func check(_ store: Store) throws {
        let count = try store.value("counter", of: Int.self).load()
        #expect(count >= counter, "the counter went back")
        counter = count
        #expect(try store.value("block", of: Checksummed.self).load().isWhole)
        for number in blocks.indices {
            let value = try store.value("block \(number)", of: Checksummed.self).load()
            #expect(value.isWhole)
            #expect(value.number >= blocks[number])
            blocks[number] = value.number
        }
        let three = try store.value("triple", of: Triple.self).load()
        #expect(three.isWhole && three.first >= triple)
        triple = three.first
        let elements = try store.array("updated", of: Int.self).values()
        #expect(elements.allSatisfy { $0 == elements[0] }, "an atomic update was seen in part")
        #expect(elements[0] >= updated)
        updated = elements[0]
        let records = try store.array("records", of: Triple.self).values()
        let areWhole = records.allSatisfy { $0.isWhole }
        #expect(areWhole)
        try checkCatalog(store)
    }

    /// Every cell of the storm's is there under one name and holds what that number holds.
    private func checkCatalog(_ store: Store) throws {
        for cell in try store.cells()
        where cell.name.hasPrefix("t0") || cell.name.hasPrefix("t1") || cell.name.hasPrefix("u") {
            guard let number = cell.name.split(separator: ".").last.flatMap({ Int($0) }), cell.kind == .value else {
                continue
            }
            let content: Triple
            do throws(StoreError) { content = try store.value(cell.name, of: Triple.self).load() } catch {
                // The other worker removed or renamed it meanwhile.
                #expect(error.code == .noSuchCell, "\(error)")
                continue
            }
            #expect(content == StormCells.content(number), "\(cell.name)")
        }
    }

    /// The next write works, whatever was under way.
    func write(_ store: Store) throws {
        try store.value("counter", of: Int.self).add(1)
        let block = try store.value("block", of: Checksummed.self)
        try block.withLock { $0 = Checksummed(number: $0.number + 1) }
        try store.value("triple", of: Triple.self).withLock { $0 = Triple($0.first + 1) }
        try store.array("updated", of: Int.self).update { span in span.update(repeating: span[0] + 1) }
        try settle(store)
        let records = try store.array("records", of: Triple.self)
        try records.store(Triple(records.load(at: 0).first + 1), at: 0)
        _ = try store.value("mine", initial: 0)
        if try store.contains("mine too") { try store.remove("mine too") }
        try store.rename("mine", to: "mine too")
    }

    /// Under the array's lock all elements are the same, once what a dead one tore was repaired.
    func settle(_ store: Store) throws {
        let isSame = try store.array("bulk", of: Int.self).withLock(nil, repair: Self.repair, Self.isSame)
        #expect(isSame, "a bulk write was cut in half and nobody was told")
    }

    private static func repair(_ span: inout MutableSpan<Int>, _ range: Range<Int>) {
        let first = span[0]
        span.update(repeating: first)
    }

    private static func isSame(_ span: inout MutableSpan<Int>) -> Bool {
        let first = span[0]
        for index in span.indices where span[index] != first { return false }
        return true
    }
}
