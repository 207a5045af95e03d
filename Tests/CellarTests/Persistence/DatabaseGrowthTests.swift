import CellarTestSupport
import Glibc
import Synchronization
import Testing

@testable import Cellar

@Suite struct DatabaseGrowthTests {
    let scratch = DatabaseScratch()

    @Test func theMapGrowsInTheMiddleOfATransaction() throws {
        let database = try scratch.database { $0.mapSize = 64 << 10 }
        let table = try database.table("t")
        try database.rotatePins(now: 0)
        var runs = 0
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            runs += 1
            for index in 0..<10 as Range<UInt8> {
                let megabyte = [UInt8](repeating: index, count: 1 << 20)
                try transaction.put(megabyte.span, for: [index].span, in: table)
            }
        }
        #expect(runs > 1)
        #expect(try database.get([9], in: table) == [UInt8](repeating: 9, count: 1 << 20))
        #expect(try database.statistics().mapSize >= 10 << 20)
        try database.close()
        let again = try scratch.database { $0.mapSize = 64 << 10 }
        #expect(try again.get([3], in: again.table("t"))?.count == 1 << 20)
    }

    @Test func aSwallowedErrorDoesNotHideThatTheMapWasFull() throws {
        let database = try scratch.database { $0.mapSize = 64 << 10 }
        let table = try database.table("t")
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            let big = [UInt8](repeating: 1, count: 1 << 20)
            do throws(StoreError) { try transaction.put(big.span, for: [1].span, in: table) } catch {}
        }
        #expect(try database.get([1], in: table)?.count == 1 << 20)
    }

    @Test func readersInOtherThreadsSurviveGrowth() async throws {
        let database = try scratch.database { $0.mapSize = 64 << 10 }
        let table = try database.table("t")
        try database.put([UInt8](repeating: 0, count: 10_000), for: [0], in: table)
        let flag = StopFlag()
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    while !flag.isSet.load(ordering: .relaxed) {
                        let bytes = try database.get([0], in: table)
                        #expect(bytes.map { Set($0).count } == 1)
                    }
                }
            }
            for size in 1...60 {
                try database.put([UInt8](repeating: UInt8(size), count: 10_000), for: [0], in: table)
                try database.put([UInt8](repeating: 1, count: size << 14), for: [UInt8(size)], in: table)
            }
            flag.isSet.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        #expect(try database.count(of: table) == 61)
    }

    @Test func aLookerFollowsGrowth() throws {
        let database = try scratch.database { $0.mapSize = 64 << 10 }
        let table = try database.table("t")
        let looker = try scratch.looker { $0.mapSize = 64 << 10 }
        try database.put([UInt8](repeating: 3, count: 5 << 20), for: [1], in: table)
        let seen = try #require(try looker.named("t"))
        #expect(try looker.get([1], in: seen)?.count == 5 << 20)
    }

    @Test func standardToolsReadTheFile() throws {
        let database = try scratch.database()
        let catalogue = try Catalogue.open(database, creates: true)
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            let record = CellRecord(uid: 7, kind: .value, schemaText: "int64")
            try catalogue.putCell(named: "hits", record, in: transaction)
        }
        let statistics = shell("mdb_stat -a '\(scratch.path)'")
        #expect(statistics.code == 0)
        for name in ["cells", "meta", "values"] { #expect(statistics.output.contains("Status of \(name)\n")) }
        let dump = shell("mdb_dump -p -s cells '\(scratch.path)'")
        #expect(dump.code == 0)
        #expect(dump.output.contains(" hits\n uid=7 kind=value count=1 type=int64\n"))
    }

    @Test func growthByAnotherProcessIsAdopted() throws {
        let database = try scratch.database { $0.mapSize = 64 << 10 }
        try database.put([1], for: [1], in: database.table("t"))
        try database.rotatePins(now: 0)
        var load = "VERSION=3\nformat=print\ndatabase=more\ntype=btree\nmapsize=16777216\nHEADER=END\n"
        for index in 0..<4000 { load += " key\(index)\n \(String(repeating: "v", count: 500))\n" }
        scratch.write(Array((load + "DATA=END\n").utf8), to: "load")
        let loading = shell("mdb_load -f '\(scratch.path)/load' '\(scratch.path)'")
        #expect(loading.code == 0, "\(loading.output)")
        #expect(try database.get([1], in: database.table("t")) == [1])
        #expect(try database.count(of: database.table("more")) == 4000)
        #expect(try database.statistics().mapSize == 16 << 20)
        #expect(try database.statistics().readersInUse == 1)
    }

    @Test func transactionsDoNotNest() throws {
        let database = try scratch.database()
        let code = codeThrown {
            try database.write { _ throws(StoreError) in try database.write { _ throws(StoreError) in } }
        }
        #expect(code == .inUse)
        try database.write { _ throws(StoreError) in }
    }

    @Test func whatThrowsLeavesNothing() throws {
        let database = try scratch.database()
        let table = try database.table("t")
        let code = codeThrown {
            try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
                try transaction.put([1].span, for: [1].span, in: table)
                throw StoreError(.ownerDied, "on purpose")
            }
        }
        #expect(code == .ownerDied)
        #expect(try database.get([1], in: table) == nil)
    }
}

extension Database {
    func count(of table: NamedDatabase) throws(StoreError) -> Int {
        try read { (transaction: borrowing ReadTransaction) throws(StoreError) in try transaction.count(of: table) }
    }
}

private final class StopFlag: Sendable {
    let isSet = Atomic<Bool>(false)
}
