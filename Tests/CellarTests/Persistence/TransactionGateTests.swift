import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

@Suite struct TransactionGateTests {
    /// Reads that take no lock are shut out by whoever is alone, all the same. Plain threads: tasks may have to wait for each
    /// other's threads.
    @Test func nobodyReadsWhileSomebodyIsAlone() throws {
        let scratch = DatabaseScratch()
        let database = try scratch.database()
        let table = try database.table("t")
        try database.put([1], for: [1], in: table)
        let seen = Seen()
        var readers: [NativeThread] = []
        for _ in 0..<4 {
            readers.append(
                try NativeThread(name: "reader") { while !seen.isOver.load(ordering: .relaxed) { seen.read(database) } }
            )
        }
        let deadline = MonotonicClock.now() + 60_000_000_000
        var rounds = 0
        while rounds < 300 || seen.reads.load(ordering: .relaxed) < 1000, MonotonicClock.now() < deadline {
            rounds += 1
            try database.gate.alone {
                for _ in 0..<100 where seen.inside.load(ordering: .sequentiallyConsistent) != 0 {
                    seen.met.add(1, ordering: .relaxed)
                }
            }
            sched_yield()
        }
        seen.isOver.store(true, ordering: .relaxed)
        for reader in readers { reader.join() }
        #expect(seen.met.load(ordering: .relaxed) == 0 && seen.failures.load(ordering: .relaxed) == 0)
        #expect(seen.reads.load(ordering: .relaxed) >= 1000)
    }

    private final class Seen: Sendable {
        let inside = Atomic(0)
        let met = Atomic(0)
        let reads = Atomic(0)
        let failures = Atomic(0)
        let isOver = Atomic(false)

        func read(_ database: Database) {
            do throws(StoreError) {
                try database.read { (_: borrowing ReadTransaction) throws(StoreError) in
                    inside.add(1, ordering: .sequentiallyConsistent)
                    reads.add(1, ordering: .relaxed)
                    inside.subtract(1, ordering: .sequentiallyConsistent)
                }
            } catch { failures.add(1, ordering: .relaxed) }
        }
    }

    @Test func moreReadersThanAreKept() throws {
        let scratch = DatabaseScratch()
        let database = try scratch.database()
        let table = try database.table("t")
        try database.put([1], for: [1], in: table)
        func nested(_ depth: Int) throws(StoreError) {
            guard depth > 0 else { return }
            try database.read { (_: borrowing ReadTransaction) throws(StoreError) in try nested(depth - 1) }
        }
        for _ in 0..<3 { try nested(40) }
        let kept = ReaderTable(database.environment).readers
        #expect(ReaderTable.looked(at: scratch.path) == nil, "not while it is open here")
        #expect(kept.count == 16 && kept.allSatisfy { $0.transaction == nil && $0.process == getpid() })
        try database.close()
        #expect(ReaderTable.looked(at: scratch.path)?.readers == [])
        #expect(codeThrown { try nested(1) } == .closed)
    }
}
