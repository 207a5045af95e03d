import CLMDB

/// A value where it lies in the database, with the read that lends it: open until `Database.giveBack`.
@usableFromInline @safe
struct LentValue {
    /// Nil if there is no such key.
    @usableFromInline let start: UnsafeRawPointer?
    @usableFromInline let count: Int
    /// Nil if nothing was lent, and there is nothing to give back.
    private let pointer: OpaquePointer?
    private let slot: Int

    @usableFromInline var isLent: Bool { unsafe pointer != nil }
    @inlinable var isFound: Bool { unsafe start != nil }
    @inlinable @unsafe var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: start, count: count) }

    static var nothing: LentValue { unsafe LentValue(start: nil, count: 0, pointer: nil, slot: 0) }

    fileprivate init(start: UnsafeRawPointer?, count: Int, pointer: OpaquePointer?, slot: Int) {
        unsafe self.start = unsafe start
        self.count = count
        unsafe self.pointer = unsafe pointer
        self.slot = slot
    }

    fileprivate init(_ value: MDB_val, isFound: Bool, _ read: SpareRead) {
        unsafe start = isFound ? UnsafeRawPointer(value.mv_data) : nil
        count = unsafe value.mv_size
        unsafe pointer = read.pointer
        slot = read.slot
    }

    fileprivate var read: SpareRead? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe SpareRead(slot: slot, pointer: pointer)
    }
}

extension Database {
    /// The fast way to one value: a read that was kept, without closures, errors or references counted. Where anything is
    /// unusual nothing is lent, and `read` is the way, which says what is wrong: so too if there is no such key because the
    /// named database was removed.
    @unsafe
    func lend(_ key: UnsafeRawBufferPointer, in database: NamedDatabase, _ name: [UInt8], seen: Int) -> LentValue {
        // A looker has to look again when it is done; a forked child must not look at all.
        guard access == .readWrite, !isForked, let read = beginSpareRead() else { return .nothing }
        // Acquires, through the gate: a read begins before a removal or after it, and then sees it counted.
        guard removals.load(ordering: .relaxed) == seen else {
            endSpareRead(read)
            return .nothing
        }
        var key = unsafe MDB_val(mv_size: key.count, mv_data: UnsafeMutableRawPointer(mutating: key.baseAddress))
        var value = unsafe MDB_val()
        let code = unsafe mdb_get(read.pointer, database.index, &key, &value)
        if _fastPath(code == 0) { return unsafe LentValue(value, isFound: true, read) }
        if code == MDB_NOTFOUND, isThere(name, read) { return unsafe LentValue(value, isFound: false, read) }
        endSpareRead(read)
        return .nothing
    }

    private func isThere(_ name: [UInt8], _ read: SpareRead) -> Bool {
        var value = unsafe MDB_val()
        return unsafe name.span.withRawValue { name in
            unsafe mdb_get(read.pointer, NamedDatabase.main.index, &name, &value) == 0
        }
    }

    func giveBack(_ value: LentValue) {
        if let read = value.read { endSpareRead(read) }
    }
}
