import CLMDB

extension Database {
    /// The named database `name`, opened once and then kept; nil if there is none and none is to be made.
    ///
    /// Must not be called inside a transaction of this database.
    func named(_ name: String, creates: Bool = false) throws(StoreError) -> NamedDatabase? {
        try named([name], creates: creates)?.first
    }

    /// Several named databases, all or none: what is missing is made in one transaction, together with what `fill` puts in.
    ///
    /// LMDB's rule is that handles are opened by one transaction at a time, and are good for others once that has committed.
    /// So it happens here alone, under a lock, and a handle is kept only after the commit.
    func named(
        _ names: [String], creates: Bool,
        fill: (borrowing WriteTransaction, [NamedDatabase]) throws(StoreError) -> Void = { _, _ throws(StoreError) in }
    ) throws(StoreError) -> [NamedDatabase]? {
        guard !gate.isWriter else {
            throw StoreError(.inUse, "a table cannot be opened inside a write transaction")
        }
        return try handles.withLock { (handles) throws(StoreError) in
            if let known = Self.lookUp(names, in: handles) { return known }
            var found = try openExisting(names)
            if found == nil, creates { found = try create(names, fill) }
            guard let opened = found else { return nil }
            for (name, handle) in zip(names, opened) { handles[name] = handle }
            return opened
        }
    }

    private static func lookUp(_ names: [String], in handles: [String: NamedDatabase]) -> [NamedDatabase]? {
        let known = names.compactMap { handles[$0] }
        return known.count == names.count ? known : nil
    }

    private func openExisting(_ names: [String]) throws(StoreError) -> [NamedDatabase]? {
        try readOpeningTables { (raw) throws(StoreError) in try Self.openHandles(names, raw, flags: 0) }
    }

    private func create(
        _ names: [String], _ fill: (borrowing WriteTransaction, [NamedDatabase]) throws(StoreError) -> Void
    ) throws(StoreError) -> [NamedDatabase]? {
        try write { (transaction: borrowing WriteTransaction) throws(StoreError) in
            let opened = try Self.openHandles(names, transaction.raw, flags: UInt32(MDB_CREATE))
            if let opened { try fill(transaction, opened) }
            return opened
        }
    }

    private static func openHandles(
        _ names: [String], _ raw: RawTransaction, flags: UInt32
    ) throws(StoreError) -> [NamedDatabase]? {
        var opened: [NamedDatabase] = []
        for name in names {
            guard let handle = try open(name, raw, flags) else { return nil }
            opened.append(handle)
        }
        return opened
    }

    private static func open(
        _ name: String, _ raw: RawTransaction, _ flags: UInt32
    ) throws(StoreError) -> NamedDatabase? {
        var index: UInt32 = 0
        let code = unsafe mdb_dbi_open(raw.pointer, name, flags, &index)
        return try raw.found(code, "open the table '\(name)'") ? NamedDatabase(index: index) : nil
    }

    /// A write in which named databases are made, whose names may depend on what it finds. `make` gives the one with the name,
    /// a new one if need be, which may have several values for a key (`sorted`).
    func writeMaking<Result: Sendable>(
        patience: Duration,
        _ body: (
            borrowing WriteTransaction, _ make: (_ name: String, _ sorted: Bool) throws(StoreError) -> NamedDatabase
        ) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard !gate.isWriter else {
            throw StoreError(.inUse, "a table cannot be opened inside a write transaction")
        }
        return try handles.withLock { (handles) throws(StoreError) in
            var opened: [String: NamedDatabase] = [:]
            let result = try write(patience: patience) { (transaction: borrowing WriteTransaction) throws(StoreError) in
                opened = [:]
                let raw = transaction.raw
                return try body(transaction) { (name, sorted) throws(StoreError) in
                    let flags = UInt32(MDB_CREATE) | (sorted ? UInt32(MDB_DUPSORT) : 0)
                    guard let handle = try Self.open(name, raw, flags) else {
                        throw .damaged("\(directory)/data.mdb", "the table '\(name)' is not there")
                    }
                    opened[name] = handle
                    return handle
                }
            }
            handles.merge(opened) { $1 }
            return result
        }
    }

    /// Removes the named database for good, in one transaction with what `body` does, if that returns true.
    ///
    /// LMDB then gives its handle to the next that is opened, so it happens alone, and who holds one looks at `removals` in its
    /// transaction. Waits for all transactions of this process.
    func remove(
        _ name: String, patience: Duration, _ body: (borrowing WriteTransaction) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        guard access == .readWrite else { throw StoreError(.readOnly, "the store '\(directory)' was opened read-only") }
        guard let database = try named(name) else { return false }
        return try handles.withLock { (handles) throws(StoreError) in
            guard handles[name] == database else { return false }
            var isGone = false
            defer {
                if isGone {
                    handles[name] = nil
                    removed.withLock { _ = $0.insert(name) }
                    removals.add(1, ordering: .releasing)
                }
            }
            try writeAlone(patience: patience) { (transaction: borrowing WriteTransaction) throws(StoreError) in
                guard try body(transaction) else { return }
                // The handle is gone whatever becomes of the transaction.
                isGone = true
                try transaction.raw.check(
                    unsafe mdb_drop(transaction.raw.pointer, database.index, 1), "remove the table '\(name)'")
                crashPoint("remove table: dropped")
            }
            return isGone
        }
    }

    /// The names of all named databases.
    func names() throws(StoreError) -> [String] {
        try read { (transaction: borrowing ReadTransaction) throws(StoreError) in
            var main: UInt32 = 0
            try transaction.raw.check(unsafe mdb_dbi_open(transaction.raw.pointer, nil, 0, &main), "list the tables")
            var names: [String] = []
            try transaction.forEach(in: NamedDatabase(index: main)) { name, _ throws(StoreError) in
                names.append(unsafe name.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
                return true
            }
            return names
        }
    }
}
