import CLMDB
import Glibc

/// A walk over the entries of a range of keys, one `advance` after the other: the loop is its user's own, and so is closing it,
/// inside the transaction.
@usableFromInline @safe
struct RangeCursor {
    /// The entry that it is at, where it lies in the database: good until the transaction's next write, or its end.
    @usableFromInline var key = LentBytes()
    @usableFromInline var value = LentBytes()
    private let pointer: OpaquePointer
    private let raw: RawTransaction
    /// The next `advance` begins the walk there.
    private var start: [UInt8]?
    private let stop: [UInt8]?
    private var operation: MDB_cursor_op
    private let step: MDB_cursor_op
    private var code: Int32 = 0

    /// From the key `lower` on up to `upper`, that one not included (to the last of all if it is nil); or backwards from there.
    init(
        _ raw: RawTransaction, _ database: NamedDatabase, from lower: [UInt8], upTo upper: [UInt8]?, backwards: Bool
    ) throws(StoreError) {
        var opened: OpaquePointer?
        try raw.check(unsafe mdb_cursor_open(raw.pointer, database.index, &opened), Self.action)
        guard let opened = unsafe opened else { throw .database(MDB_BAD_TXN, Self.action, raw.directory) }
        unsafe pointer = opened
        self.raw = raw
        let lower = lower.isEmpty ? nil : lower
        start = backwards ? upper : lower
        stop = backwards ? lower : upper
        step = backwards ? MDB_PREV : MDB_NEXT
        operation = start != nil ? MDB_SET_RANGE : backwards ? MDB_LAST : MDB_FIRST
        // Nothing sorts before no bytes at all, and LMDB looks for no such key.
        if upper?.isEmpty == true { code = MDB_NOTFOUND }
    }

    @usableFromInline
    func close() { unsafe mdb_cursor_close(pointer) }

    private static var action: String { "walk through a table" }

    /// Goes to the next entry; false if there is none, or after a failure: see `check`.
    @usableFromInline
    mutating func advance() -> Bool {
        guard _fastPath(operation == step && code == 0) else { return begin() }
        return get(step)
    }

    /// Throws what ended the walk before its end.
    @usableFromInline
    func check() throws(StoreError) { _ = try raw.found(code, Self.action) }

    /// Removes the entry that it is at; the next `advance` goes to the one after it. In a write transaction, forwards.
    func remove() throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        try raw.check(unsafe mdb_cursor_del(pointer, 0), "remove from a table")
    }

    private mutating func begin() -> Bool {
        guard operation != step, code == 0 else { return false }
        let (first, backwards) = (operation, step == MDB_PREV)
        operation = step
        guard let start else { return get(first) }
        code = unsafe start.withUnsafeBytes { (bytes) -> Int32 in
            unsafe key = LentBytes(bytes)
            return unsafe Self.get(pointer, &key, &value, MDB_SET_RANGE)
        }
        // Nothing from there on: the last is the one before.
        if backwards, code == 0 || code == MDB_NOTFOUND { return get(code == 0 ? MDB_PREV : MDB_LAST) }
        return isInRange
    }

    @inline(__always)
    private mutating func get(_ operation: MDB_cursor_op) -> Bool {
        code = unsafe Self.get(pointer, &key, &value, operation)
        return isInRange
    }

    @inline(__always)
    private static func get(
        _ cursor: OpaquePointer, _ key: inout LentBytes, _ value: inout LentBytes, _ operation: MDB_cursor_op
    ) -> Int32 {
        unsafe withUnsafeMutablePointer(to: &key) { key in
            unsafe withUnsafeMutablePointer(to: &value) { value in
                let key = unsafe UnsafeMutableRawPointer(key).assumingMemoryBound(to: MDB_val.self)
                let value = unsafe UnsafeMutableRawPointer(value).assumingMemoryBound(to: MDB_val.self)
                return unsafe mdb_cursor_get(cursor, key, value, operation)
            }
        }
    }

    private var isInRange: Bool {
        @inline(__always) mutating get {
            guard _fastPath(code == 0) else { return false }
            return _fastPath(stop == nil) || isBeforeStop()
        }
    }

    @inline(__always)
    private mutating func isBeforeStop() -> Bool {
        guard let stop else { return true }
        let isBefore = unsafe stop.withUnsafeBytes { unsafe Self.precedes(key.bytes, $0) }
        if isBefore == (step == MDB_NEXT) { return true }
        code = MDB_NOTFOUND
        return false
    }

    /// Whether bytes sort before others, as LMDB sorts keys.
    @inline(__always) @unsafe
    private static func precedes(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        let common = min(first.count, second.count)
        guard common > 0, let one = first.baseAddress, let other = second.baseAddress else {
            return first.count < second.count
        }
        // Words whose first byte counts most sort as their bytes do.
        var offset = 0
        while offset &+ 8 <= common {
            let left = unsafe one.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let right = unsafe other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if left != right { return left.bigEndian < right.bigEndian }
            offset &+= 8
        }
        if offset == common { return first.count < second.count }
        let order = unsafe memcmp(one + offset, other + offset, common &- offset)
        return order < 0 || order == 0 && first.count < second.count
    }
}

/// Bytes that lie in the database, laid out as LMDB describes them.
@frozen @usableFromInline @safe
struct LentBytes {
    @usableFromInline var count = 0
    @usableFromInline var start: UnsafeRawPointer?

    @inlinable init() {}
    @inlinable @unsafe init(_ bytes: UnsafeRawBufferPointer) {
        count = bytes.count
        unsafe start = bytes.baseAddress
    }
    @inlinable @inline(__always) @unsafe
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: start, count: count) }
}
