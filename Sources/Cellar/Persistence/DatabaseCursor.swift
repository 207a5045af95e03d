import CLMDB
import Glibc

/// A place in the order of a table's keys.
@safe
struct DatabaseCursor: ~Copyable {
    enum Step { case first, last, next, previous }

    private let pointer: OpaquePointer
    private let raw: RawTransaction

    init(_ raw: RawTransaction, _ database: NamedDatabase) throws(StoreError) {
        var opened: OpaquePointer?
        try raw.check(unsafe mdb_cursor_open(raw.pointer, database.index, &opened), "walk through a table")
        guard let opened = unsafe opened else { throw .database(MDB_BAD_TXN, "walk through a table", raw.directory) }
        unsafe pointer = opened
        self.raw = raw
    }

    deinit { unsafe mdb_cursor_close(pointer) }

    /// Moves, and calls `body` with the key and the value there; nil if there is nothing.
    func move<Result>(
        _ step: Step, _ body: (RawSpan, RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        let operation =
            switch step {
            case .first: MDB_FIRST
            case .last: MDB_LAST
            case .next: MDB_NEXT
            case .previous: MDB_PREV
            }
        return try unsafe move(operation, MDB_val(), body)
    }

    /// Moves to `key`, or else to the first key after it.
    func move<Result>(
        toOrAfter key: Span<UInt8>, _ body: (RawSpan, RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        try unsafe key.withRawValue { (key: inout MDB_val) throws(StoreError) in
            try unsafe move(MDB_SET_RANGE, key, body)
        }
    }

    @unsafe
    private func move<Result>(
        _ operation: MDB_cursor_op, _ start: MDB_val, _ body: (RawSpan, RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        var key = unsafe start
        var value = unsafe MDB_val()
        let code = unsafe mdb_cursor_get(pointer, &key, &value, operation)
        guard try raw.found(code, "walk through a table") else { return nil }
        return try body(unsafe key.buffer.bytes, unsafe value.buffer.bytes)
    }

    /// Calls `body` with each key and value from `lower` on (from the first of all if it is nil) up to `upper`, that one not
    /// included (to the last of all if it is nil), or backwards from there, until it returns false.
    @unsafe
    func walk(
        from lower: UnsafeRawBufferPointer?, upTo upper: UnsafeRawBufferPointer?, backwards: Bool,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let (start, stop) = unsafe backwards ? (upper, lower) : (lower, upper)
        var key = unsafe MDB_val(
            mv_size: start?.count ?? 0, mv_data: UnsafeMutableRawPointer(mutating: start?.baseAddress))
        var value = unsafe MDB_val()
        let operation = unsafe start != nil ? MDB_SET_RANGE : backwards ? MDB_LAST : MDB_FIRST
        var code = unsafe mdb_cursor_get(pointer, &key, &value, operation)
        if backwards, unsafe start != nil {
            // Nothing from there on: the last is the one before.
            code = unsafe mdb_cursor_get(pointer, &key, &value, code == MDB_NOTFOUND ? MDB_LAST : MDB_PREV)
        }
        while code == 0 {
            if let stop = unsafe stop, unsafe Self.precedes(key.buffer, stop) == backwards { return }
            guard try unsafe body(key.buffer, value.buffer) else { return }
            code = unsafe mdb_cursor_get(pointer, &key, &value, backwards ? MDB_PREV : MDB_NEXT)
        }
        _ = try raw.found(code, "walk through a table")
    }

    /// Whether bytes sort before others, as LMDB sorts keys.
    @unsafe
    private static func precedes(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        let common = min(first.count, second.count)
        let order = unsafe common == 0 ? 0 : memcmp(first.baseAddress!, second.baseAddress!, common)
        return order < 0 || order == 0 && first.count < second.count
    }
}
