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
}
