import CLMDB

/// What can be done in a transaction of either kind. A transaction cannot leave the closure that it is lent to.
protocol DatabaseReading: ~Copyable {
    var raw: RawTransaction { get }
}

/// A transaction that sees the database as it was when it began.
struct ReadTransaction: ~Copyable, DatabaseReading {
    let raw: RawTransaction
}

/// The one transaction of all processes that may write.
struct WriteTransaction: ~Copyable, DatabaseReading {
    let raw: RawTransaction
}

extension DatabaseReading where Self: ~Copyable {
    /// The number of the last committed transaction that is seen here; in a write transaction its own.
    ///
    /// A write transaction that changes nothing is not counted: the next one has its number again.
    var identifier: UInt64 { raw.identifier }

    /// Calls `body` with the value of `key`, borrowed from the database's page; returns nil if there is none.
    func withValue<Result>(
        of key: Span<UInt8>, in database: NamedDatabase, _ body: (RawSpan) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        var value = unsafe MDB_val()
        let code = unsafe key.withRawValue { key in
            unsafe mdb_get(raw.pointer, database.index, &key, &value)
        }
        guard try raw.found(code, "read from the database") else { return nil }
        return try body(unsafe value.buffer.bytes)
    }

    /// The value of `key` where it lies in the database: good until the transaction's next write, or its end. Nil if there is
    /// none.
    @unsafe
    func find(_ key: UnsafeRawBufferPointer, in database: NamedDatabase) throws(StoreError) -> UnsafeRawBufferPointer? {
        var key = unsafe MDB_val(mv_size: key.count, mv_data: UnsafeMutableRawPointer(mutating: key.baseAddress))
        var value = unsafe MDB_val()
        let code = unsafe mdb_get(raw.pointer, database.index, &key, &value)
        guard try raw.found(code, "read from the database") else { return nil }
        return unsafe value.buffer
    }

    /// A copy of the value of `key`.
    func value(of key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) -> [UInt8]? {
        try withValue(of: key, in: database) { unsafe $0.withUnsafeBytes { unsafe [UInt8]($0) } }
    }

    /// Whether there is a named database of this name.
    func hasDatabase(_ name: [UInt8]) throws(StoreError) -> Bool {
        var value = unsafe MDB_val()
        let code = unsafe name.span.withRawValue { name in
            unsafe mdb_get(raw.pointer, NamedDatabase.main.index, &name, &value)
        }
        return try raw.found(code, "look for a table")
    }

    /// Whether a key can have several values.
    func hasDuplicates(_ database: NamedDatabase) throws(StoreError) -> Bool {
        var flags: UInt32 = 0
        try raw.check(unsafe mdb_dbi_flags(raw.pointer, database.index, &flags), "look at a table")
        return flags & UInt32(MDB_DUPSORT) != 0
    }

    /// How many entries `database` has.
    func count(of database: NamedDatabase) throws(StoreError) -> Int {
        var statistics = MDB_stat()
        try raw.check(unsafe mdb_stat(raw.pointer, database.index, &statistics), "count a table's entries")
        return statistics.ms_entries
    }

    /// How many bytes the pages of `database` have. Values that a key has in a tree of their own are not among them.
    func byteCount(of database: NamedDatabase) throws(StoreError) -> Int {
        var statistics = MDB_stat()
        try raw.check(unsafe mdb_stat(raw.pointer, database.index, &statistics), "measure a table")
        let pages = statistics.ms_branch_pages + statistics.ms_leaf_pages + statistics.ms_overflow_pages
        return pages * Int(statistics.ms_psize)
    }

    /// How many values `key` has, where it can have several.
    func valueCount(of key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) -> Int {
        unsafe try seek(MDB_SET, key, nil, in: database) { cursor in
            var count = 0
            let code = unsafe mdb_cursor_count(cursor, &count)
            return (code, count)
        }
    }

    /// Whether `value` is one of those of `key`.
    func has(_ value: Span<UInt8>, for key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) -> Bool {
        unsafe try seek(MDB_GET_BOTH, key, value, in: database) { _ in (0, 1) } > 0
    }

    /// What `body` counts with a cursor at the place; 0 if there is none.
    @unsafe
    private func seek(
        _ operation: MDB_cursor_op, _ key: Span<UInt8>, _ value: Span<UInt8>?, in database: NamedDatabase,
        _ body: (OpaquePointer) -> (code: Int32, count: Int)
    ) throws(StoreError) -> Int {
        var opened: OpaquePointer?
        try raw.check(unsafe mdb_cursor_open(raw.pointer, database.index, &opened), "look into a table")
        guard let cursor = unsafe opened else { throw .database(MDB_BAD_TXN, "look into a table", raw.directory) }
        defer { unsafe mdb_cursor_close(cursor) }
        let code = unsafe key.withRawValue { key in
            guard let value else {
                var found = unsafe MDB_val()
                return unsafe mdb_cursor_get(cursor, &key, &found, operation)
            }
            return unsafe value.withRawValue { unsafe mdb_cursor_get(cursor, &key, &$0, operation) }
        }
        guard try raw.found(code, "look into a table") else { return 0 }
        let result = unsafe body(cursor)
        try raw.check(result.code, "look into a table")
        return result.count
    }

    /// Calls `body` with a cursor, which is good only inside it.
    func withCursor<Result>(
        in database: NamedDatabase, _ body: (borrowing DatabaseCursor) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try body(try DatabaseCursor(raw, database))
    }

    /// Calls `body` for each entry in key order, from `start` on, until it returns false. It must not write.
    func forEach(
        in database: NamedDatabase, from start: [UInt8] = [], _ body: (RawSpan, RawSpan) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try withCursor(in: database) { (cursor: borrowing DatabaseCursor) throws(StoreError) in
            var goesOn = try start.isEmpty ? cursor.move(.first, body) : cursor.move(toOrAfter: start.span, body)
            while goesOn == true { goesOn = try cursor.move(.next, body) }
        }
    }
}

extension WriteTransaction {
    /// Sets the value of `key`.
    func put(_ value: Span<UInt8>, for key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        let code = unsafe key.withRawValue { key in
            unsafe value.withRawValue { value in unsafe mdb_put(raw.pointer, database.index, &key, &value, 0) }
        }
        try raw.check(code, "write to the database")
    }

    /// Sets the value of `key` if that goes behind all others; false, and nothing done, if it does not. Quicker than `put`, and
    /// fills pages to their end.
    func append(_ value: Span<UInt8>, for key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) -> Bool {
        // No crash point: nothing of a transaction is there before its commit.
        let code = unsafe key.withRawValue { key in
            unsafe value.withRawValue { value in
                unsafe mdb_put(raw.pointer, database.index, &key, &value, UInt32(MDB_APPEND))
            }
        }
        if code == MDB_KEYEXIST { return false }
        try raw.check(code, "write to the database")
        return true
    }

    /// Makes room for `byteCount` bytes under `key` and lets `fill` write them into the database's page.
    ///
    /// `fill` must write every byte, and must not use the transaction.
    @unsafe
    func put(
        byteCount: Int, for key: Span<UInt8>, in database: NamedDatabase,
        fill: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        var value = unsafe MDB_val(mv_size: byteCount, mv_data: nil)
        let code = unsafe key.withRawValue { key in
            unsafe mdb_put(raw.pointer, database.index, &key, &value, UInt32(MDB_RESERVE))
        }
        try raw.check(code, "write to the database")
        try unsafe fill(UnsafeMutableRawBufferPointer(start: value.mv_data, count: byteCount))
    }

    /// Removes `key`; false if there was none.
    @discardableResult
    func delete(_ key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) -> Bool {
        // No crash point: nothing of a transaction is there before its commit.
        let code = unsafe key.withRawValue { key in unsafe mdb_del(raw.pointer, database.index, &key, nil) }
        return try raw.found(code, "remove from the database")
    }

    /// Adds a value to those of `key`, where it can have several; false if it is there.
    func insert(_ value: Span<UInt8>, for key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) -> Bool {
        // No crash point: nothing of a transaction is there before its commit.
        let code = unsafe key.withRawValue { key in
            unsafe value.withRawValue { value in
                unsafe mdb_put(raw.pointer, database.index, &key, &value, UInt32(MDB_NODUPDATA))
            }
        }
        if code == MDB_KEYEXIST { return false }
        try raw.check(code, "write to the database")
        return true
    }

    /// Removes a value from those of `key`; false if there was none such.
    func delete(_ value: Span<UInt8>, for key: Span<UInt8>, in database: NamedDatabase) throws(StoreError) -> Bool {
        // No crash point: nothing of a transaction is there before its commit.
        let code = unsafe key.withRawValue { key in
            unsafe value.withRawValue { value in unsafe mdb_del(raw.pointer, database.index, &key, &value) }
        }
        return try raw.found(code, "remove from the database")
    }

    /// Removes every entry; the table stays.
    func deleteAll(in database: NamedDatabase) throws(StoreError) {
        // No crash point: nothing of a transaction is there before its commit.
        try raw.check(unsafe mdb_drop(raw.pointer, database.index, 0), "empty a table")
    }
}
