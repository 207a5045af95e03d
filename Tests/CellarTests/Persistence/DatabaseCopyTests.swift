import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// A copy is of one snapshot, whatever is written while it is made. See `Database+Copy.swift`.
@Suite struct DatabaseCopyTests {
    let scratch = DatabaseScratch()
    let target = DatabaseScratch()
    private static let count = 4000

    /// More than is read ahead is replaced again and again while it is read; nothing but the copy's own reader keeps its pages.
    @Test func pagesThatAreStillToBeReadStay() throws {
        let database = try scratch.database()
        let table = try database.table("t")
        try replaceAll(database, table, with: 1)
        let file = try FileDescriptor.open(target.dataPath, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        var rounds = 0
        try database.copyNewest(to: file) { (_) throws(StoreError) in
            guard rounds < 5 else { return }
            rounds += 1
            try replaceAll(database, table, with: 1 + UInt8(rounds))
        }
        #expect(rounds == 5)
        #expect(try entries(with: 1) == Self.count)
        // Afterwards they are used again.
        #expect(try database.statistics().readersInUse <= 1)
        try database.close()
        #expect(try PageCheck.run(#require(try DatabaseFile(path: target.dataPath))).faults == [])
    }

    /// Who closes the database waits for the copy.
    @Test func closingWaits() throws {
        let database = try scratch.database { $0.patience = .milliseconds(20) }
        try replaceAll(database, try database.table("t"), with: 1)
        let file = try FileDescriptor.open(target.dataPath, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        var refused: StoreError.Code?
        try database.copyNewest(to: file) { (_) throws(StoreError) in
            if refused == nil { refused = codeThrown { try database.close() } }
        }
        #expect(refused == .timedOut)
        #expect(try entries(with: 1) == Self.count)
        #expect(codeThrown { try database.copyNewest(to: file) { _ throws(StoreError) in } } == .closed)
    }

    private func entries(with value: UInt8) throws -> Int {
        let looker = try target.looker()
        defer { try? looker.close() }
        let table = try #require(try looker.named("t"))
        return try looker.read { (snapshot: borrowing ReadTransaction) throws(StoreError) in
            var found = 0
            for index in 0..<Self.count {
                let bytes = try snapshot.value(of: ChunkKey(uid: UInt64(index), chunk: 0).bytes.span, in: table)
                if bytes == [UInt8](repeating: value, count: 3900) { found += 1 }
            }
            return found
        }
    }

    private func replaceAll(_ database: Database, _ table: NamedDatabase, with value: UInt8) throws(StoreError) {
        try database.write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            for index in 0..<Self.count {
                let key = ChunkKey(uid: UInt64(index), chunk: 0).bytes
                try transaction.put([UInt8](repeating: value, count: 3900).span, for: key.span, in: table)
            }
        }
    }
}
