import CLMDB

/// An open LMDB transaction: the pointer, and what has gone wrong in it. It may go from thread to thread (LMDB's readers are
/// bound to none here), but only one at a time has it.
@safe
struct RawTransaction: @unchecked Sendable {
    enum Kind { case reading, writing }

    /// What must be known of the transaction after its closure threw or swallowed an error.
    /// Written only by the thread that has a write transaction; reads share one.
    final class Status: @unchecked Sendable {
        let directory: String
        /// The map was too small for it: it must run again in a larger one.
        var mapWasFull = false
        init(directory: String) { self.directory = directory }
    }

    let pointer: OpaquePointer
    let kind: Kind
    /// One reference for all that is not plain, since transactions are handed around a lot.
    let status: Status
    var directory: String { status.directory }

    @unsafe
    init(_ pointer: OpaquePointer, _ kind: Kind, _ status: Status) {
        unsafe self.pointer = pointer
        self.kind = kind
        self.status = status
    }

    /// What it is known by where reads are kept.
    var address: UInt64 { UInt64(UInt(bitPattern: unsafe pointer)) }
    static func abort(_ address: UInt64) { unsafe mdb_txn_abort(OpaquePointer(bitPattern: UInt(address))) }

    var identifier: UInt64 { UInt64(truncatingIfNeeded: unsafe mdb_txn_id(pointer)) }

    func commit() -> Int32 {
        let code = unsafe mdb_txn_commit(pointer)
        crashPoint("transaction: committed")
        return code
    }
    /// Ends a read so that it can be begun again.
    func reset() { unsafe mdb_txn_reset(pointer) }
    func abort() { unsafe mdb_txn_abort(pointer) }

    func check(_ code: Int32, _ action: @autoclosure () -> String) throws(StoreError) {
        guard code != 0 else { return }
        if code == MDB_MAP_FULL { status.mapWasFull = true }
        throw .database(code, action(), directory)
    }

    /// The same, but false for "not found".
    func found(_ code: Int32, _ action: @autoclosure () -> String) throws(StoreError) -> Bool {
        if code == MDB_NOTFOUND { return false }
        try check(code, action())
        return true
    }
}

/// A named database of the environment, good for all transactions of the one `Database` that it came from.
struct NamedDatabase: Hashable, Sendable {
    let index: UInt32

    /// LMDB's own: the free pages, by the transaction that freed them.
    static let freeList = NamedDatabase(index: 0)
    /// LMDB's own: the named databases, by name.
    static let main = NamedDatabase(index: 1)
}
