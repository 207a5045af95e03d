import CLMDB
import Glibc

/// What there is to know about a database as a whole, for the tool.
struct DatabaseStatistics: Hashable, Sendable {
    var pageSize: Int
    /// Addresses that this process has reserved.
    var mapSize: Int
    var lastPage: Int
    var lastTransaction: Int
    /// Reader slots in use now, this process's pins included; 0 for a looker, which does not see them.
    var readersInUse: Int
    var readersMaximum: Int
    /// Levels of the tree that holds the named databases.
    var depth: Int
    /// Entries of each named database.
    var entries: [String: Int]
    /// Bytes of the data file.
    var fileSize: Int64
    /// Pages that nothing is kept in: used again once no reader can see what they held.
    var freePages: Int
    /// Who reads, if that can be seen.
    var readers: ReaderTable?
    /// Slots of readers that this process has freed for the dead.
    var clearedReaders: Int
}

extension Database {
    /// Must not be called inside a transaction of this database. Costs a walk over the names of the tables.
    func statistics() throws(StoreError) -> DatabaseStatistics {
        var tables: [String: NamedDatabase] = [:]
        for name in try names() { tables[name] = try? named(name) }
        let known = tables
        let size = try fileSize()
        return try read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            try count(known, fileSize: size, in: transaction)
        }
    }

    /// Inside a transaction, so that the map stays where it is meanwhile. Its own reader slot is not counted.
    private func count(
        _ tables: [String: NamedDatabase], fileSize: Int64, in transaction: borrowing ReadTransaction
    ) throws(StoreError) -> DatabaseStatistics {
        var entries: [String: Int] = [:]
        for (name, table) in tables { entries[name] = try transaction.count(of: table) }
        let stat = environment.statistics()
        let info = unsafe environment.info()
        return DatabaseStatistics(
            pageSize: Int(stat.ms_psize), mapSize: unsafe info.me_mapsize, lastPage: unsafe info.me_last_pgno,
            lastTransaction: unsafe info.me_last_txnid, readersInUse: max(environment.readersInUse() - 1, 0),
            readersMaximum: Int(unsafe info.me_maxreaders), depth: Int(stat.ms_depth), entries: entries,
            fileSize: fileSize, freePages: try freePages(in: transaction), readers: readers(),
            clearedReaders: clearedReaders.load(ordering: .relaxed))
    }

    private func readers() -> ReaderTable? {
        access == .readOnly ? ReaderTable.looked(at: directory) : ReaderTable(environment)
    }

    /// The free list holds, of each transaction that freed some, how many pages and which.
    private func freePages(in transaction: borrowing ReadTransaction) throws(StoreError) -> Int {
        var count = 0
        try transaction.forEach(in: .freeList) { (_, pages) throws(StoreError) in
            guard pages.byteCount >= 8 else { return true }
            let number = unsafe pages.unsafeLoadUnaligned(as: UInt64.self)
            count += Int(clamping: min(number, UInt64(pages.byteCount / 8 - 1)))
            return true
        }
        return count
    }

    private func fileSize() throws(StoreError) -> Int64 {
        var status = stat()
        guard unsafe stat("\(directory)/data.mdb", &status) == 0 else {
            throw .system("look at '\(directory)/data.mdb'", errno)
        }
        return Int64(status.st_size)
    }
}
