import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// A file that was cut off is refused: LMDB would map pages that are not there, and reading one would be a SIGBUS.
@Suite struct DatabaseDamageTests {
    let scratch = DatabaseScratch()

    @Test func aFileThatWasCutOffIsRefusedAtEveryLength() throws {
        try fill(entries: 200)
        let whole = scratch.read("data.mdb")
        for pages in 1..<(whole.count / 4096) {
            for count in [pages * 4096, pages * 4096 + 1000] {
                scratch.write(Array(whole.prefix(count)), to: "data.mdb")
                let code = codeThrown { _ = try scratch.database { $0.creates = false } }
                #expect(code == .corruptDatabase)
                #expect(codeThrown { _ = try scratch.looker() } == .corruptDatabase)
                #expect(scratch.read("data.mdb").count == count)
            }
        }
        scratch.write(whole, to: "data.mdb")
        try scratch.database().close()
    }

    /// LMDB itself leaves files shorter than their headers say: pages at the end that were taken and given back.
    @Test func aFileThatLMDBLeftShortIsWhole() throws {
        var random = SeededRandom(seed: 3)
        let database = try scratch.database()
        let tables = [try database.table("a"), try database.table("b")]
        var timesShort = 0
        for _ in 0..<400 {
            try churn(database, tables[Int.random(in: 0...1, using: &random)], &random)
            let file = try #require(try DatabaseFile(path: scratch.dataPath))
            let header = try DatabaseHeader(reading: file)
            if try file.byteCount() < header.fullByteCount { timesShort += 1 }
            #expect(try DatabaseCompleteness.check(file) == header)
        }
        #expect(timesShort > 0, "the situation that this test is about never came up")
    }

    private func churn(_ database: Database, _ table: NamedDatabase, _ random: inout SeededRandom) throws {
        var generator = random
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                let key = [UInt8.random(in: 0..<50, using: &generator)]
                let count = Int.random(in: 0..<(Bool.random(using: &generator) ? 100_000 : 300), using: &generator)
                if Bool.random(using: &generator) {
                    try transaction.put([UInt8](repeating: 1, count: count).span, for: key.span, in: table)
                } else {
                    try transaction.delete(key.span, in: table)
                }
            }
        }
        random = generator
    }

    /// LMDB goes to the pages that its header names without a look at them, and numbers of transactions above 2^63 were an
    /// overflow here.
    @Test(arguments: [(80, 8), (128, 8), (136, 0), (46, 2), (94, 2), (92, 2), (151, 1)])
    func aHeaderThatLeadsNowhereIsRefused(place: Int, width: Int) throws {
        try fill(entries: 200)
        let whole = scratch.read("data.mdb")
        var bytes = whole
        for page in [0, 4096] {
            for index in 0..<max(width, 1) { bytes[page + place + index] = width == 8 ? (index == 0 ? 1 : 0) : 0xFF }
        }
        scratch.write(bytes, to: "data.mdb")
        #expect(codeThrown { _ = try scratch.database { $0.creates = false } } == .corruptDatabase)
        #expect(codeThrown { _ = try scratch.looker() } == .corruptDatabase)
        #expect(scratch.read("data.mdb") == bytes)
        scratch.write(whole, to: "data.mdb")
        try scratch.database().close()
    }

    @Test func aHeaderOfNonsenseNeitherTrapsNorHangs() throws {
        try fill(entries: 100)
        let whole = scratch.read("data.mdb")
        let seed = UInt64.random(in: 0...(.max))
        print("header fuzz seed: \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let page = Int.random(in: 0...1, using: &random) * 4096
                bytes[page + Int.random(in: 0..<152, using: &random)] = .random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            scratch.write(bytes, to: "data.mdb")
            let file = try #require(try DatabaseFile(path: scratch.dataPath))
            _ = try? DatabaseCompleteness.check(file)
        }
        scratch.write(whole, to: "data.mdb")
    }

    private func fill(entries: Int) throws {
        let database = try scratch.database()
        let table = try database.table("t")
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            for index in 0..<entries {
                let key = ChunkKey(uid: UInt64(index), chunk: 0).bytes
                try transaction.put([UInt8](repeating: 5, count: 500).span, for: key.span, in: table)
            }
        }
        try database.close()
    }
}
