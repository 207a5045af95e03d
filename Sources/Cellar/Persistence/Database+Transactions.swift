import CLMDB
import Glibc

extension Database {
    /// Calls `body` with a snapshot of the database.
    ///
    /// Nothing that `body` is lent may leave it: it copies what it needs. A read-only database may run `body` several times,
    /// and throws what it returned away each time but the last, so it must be free of side effects. Reads may be nested, but then
    /// the map cannot grow meanwhile; reading and writing may not: read in the write transaction instead.
    func read<Result>(_ body: (borrowing ReadTransaction) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try access == .readOnly ? lookingRead(body) : plainRead(body)
    }

    /// Calls `body` with the one write transaction, commits it to disk when `body` returns, and drops it when `body` throws.
    ///
    /// When the map turns out too small, everything is dropped, the map grows and `body` runs **again**, so it must be
    /// re-runnable: its only effects are in the transaction, or are overwritten by the next run. Waits for the writer of another
    /// process as long as `patience`, then throws `.timedOut`. A `.diskFull` leaves the database as it was, and usable.
    func write<Result>(
        patience: Duration? = nil, _ body: (borrowing WriteTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard access == .readWrite else { throw StoreError(.readOnly, "the store '\(directory)' was opened read-only") }
        try checkUsable()
        guard !gate.isWriter else { throw nested }
        try turn?.take(until: MonotonicClock.deadline(after: patience ?? self.patience), directory)
        defer { turn?.giveBack() }
        while true {
            let size = mapSize.load(ordering: .relaxed)
            if let result = try writeOnce(body) { return result }
            try growMap(from: size)
        }
    }

    /// The same while no other transaction of this process is open.
    func writeAlone(
        patience: Duration, _ body: (borrowing WriteTransaction) throws(StoreError) -> Void
    ) throws(StoreError) {
        try checkUsable()
        guard !gate.isWriter else { throw nested }
        try turn?.take(until: MonotonicClock.deadline(after: patience), directory)
        defer { turn?.giveBack() }
        try gate.alone { () throws(StoreError) in
            while true {
                let size = mapSize.load(ordering: .relaxed)
                guard let raw = try begin(.writing) else {
                    try remap(0)
                    continue
                }
                if try run(raw, body) { return }
                try remap(size * 2)
            }
        }
    }

    private var nested: StoreError {
        StoreError(.inUse, "a write transaction is open in this thread; transactions do not nest")
    }

    /// Calls `body` with a snapshot of what is committed, even inside this thread's own write transaction: for what a program
    /// does not see, as when a dictionary brings in what only the disk has.
    func readCommitted<Result>(_ body: (borrowing ReadTransaction) throws(StoreError) -> Result) throws(StoreError)
        -> Result
    {
        guard gate.isWriter else { return try read(body) }
        // The write transaction, which is counted as open, keeps the map as it is.
        guard let raw = try begin(.reading) else { throw nested }
        defer { raw.abort() }
        return try body(ReadTransaction(raw: raw))
    }

    /// The same with what was committed last, whoever was killed at it, and whenever. Waits a second at most.
    ///
    /// LMDB writes a transaction's page first, and then, in shared memory, which one readers are to take. Who is killed in between
    /// leaves a transaction that is there, and that nobody reads before the next writer comes: then this one does.
    func readLast<Result>(_ body: (borrowing ReadTransaction) throws(StoreError) -> Result) throws(StoreError) -> Result
    {
        let deadline = MonotonicClock.deadline(after: .seconds(1))
        while true {
            var isBehind = false
            let result = try readCommitted { (transaction: borrowing ReadTransaction) throws(StoreError) in
                isBehind = transaction.raw.identifier < UInt64(clamping: environment.lastTransaction)
                return try body(transaction)
            }
            if !isBehind { return result }
            do throws(StoreError) { try write(patience: .zero) { _ throws(StoreError) in } } catch {
                // A writer that lives is at it, and done in a moment.
                guard error.code == .timedOut, MonotonicClock.now() < deadline else { throw error }
                usleep(100)
            }
        }
    }

    /// Whether this thread is inside a write transaction.
    var isWriting: Bool { gate.isWriter }

    /// A read that other processes know of.
    func plainRead<Result>(_ body: (borrowing ReadTransaction) throws(StoreError) -> Result) throws(StoreError)
        -> Result
    {
        try checkUsable()
        if let spare = beginSpareRead() {
            defer { endSpareRead(spare) }
            return try body(ReadTransaction(raw: unsafe RawTransaction(spare.pointer, .reading, readStatus)))
        }
        let raw = try enter(.reading)
        defer { leaveReading(raw) }
        return try body(ReadTransaction(raw: raw))
    }

    /// A read that was kept, begun again: for one word exchanged, and no lock. Nil if there is none; then `enter` is the way.
    @inline(__always)
    func beginSpareRead() -> SpareRead? {
        guard let spare = gate.enterWithSpareReader() else { return nil }
        if _fastPath(unsafe mdb_txn_renew(spare.pointer) == 0) { return spare }
        unsafe mdb_txn_abort(spare.pointer)
        gate.leaveForGood(spare)
        return nil
    }

    @inline(__always)
    func endSpareRead(_ spare: SpareRead) {
        unsafe mdb_txn_reset(spare.pointer)
        gate.leave(spare)
    }

    /// Ends a read, and keeps its transaction for the next one.
    func leaveReading(_ raw: RawTransaction) {
        guard raw.kind == .reading else {
            end(raw, commits: false)
            return gate.leave()
        }
        raw.reset()
        if !gate.leave(keeping: raw) { raw.abort() }
    }

    /// A read in which tables are opened: they stay open, for which LMDB wants it to end with a commit.
    func readOpeningTables<Result>(
        _ body: (RawTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let raw = try enter(.reading)
        defer { gate.leave() }
        let result: Result
        do throws(StoreError) {
            result = try body(raw)
        } catch {
            end(raw, commits: false)
            throw error
        }
        let code = end(raw, commits: true)
        guard code == 0 else { throw .database(code, "end a read", directory) }
        return result
    }

    /// One run of a write; nil if the map was too small for it.
    private func writeOnce<Result>(
        _ body: (borrowing WriteTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        let raw = try enter(.writing)
        defer { gate.leave() }
        var result: Result?
        let isDone = try run(raw) { (transaction: borrowing WriteTransaction) throws(StoreError) in
            result = try body(transaction)
        }
        return isDone ? result : nil
    }

    /// Runs `body` in the write transaction, and ends that; false if the map was too small.
    ///
    /// Swift 6.3.1 crashes when it inlines this.
    @inline(never)
    private func run(
        _ raw: RawTransaction, _ body: (borrowing WriteTransaction) throws(StoreError) -> Void
    ) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try body(WriteTransaction(raw: raw))
        } catch {
            end(raw, commits: false)
            if raw.status.mapWasFull { return false }
            throw error
        }
        let code = end(raw, commits: true)
        if code == MDB_MAP_FULL || code != 0 && raw.status.mapWasFull { return false }
        guard code == 0 else { throw commitError(code) }
        return true
    }

    /// LMDB turns a write that the disk took only half of into EIO, so that has to be told from a broken disk.
    private func commitError(_ code: Int32) -> StoreError {
        var space = statvfs()
        if code == EIO, unsafe statvfs(directory, &space) == 0,
            UInt64(space.f_bavail) * UInt64(space.f_frsize) < 1 << 20
        {
            return .database(ENOSPC, "commit to the database", directory)
        }
        return .database(code, "commit to the database", directory)
    }

    /// Enters the gate and begins a transaction there: the caller ends it and leaves the gate.
    func enter(_ kind: RawTransaction.Kind) throws(StoreError) -> RawTransaction {
        try checkUsable()
        guard !gate.isWriter else { throw nested }
        // Others make the map twice as large each time, so they cannot be ahead of us for long.
        for _ in 0..<Self.mostEnlargements {
            if let raw = try enterOnce(kind) { return raw }
            try adoptMapSize()
        }
        throw StoreError(
            .corruptDatabase, "the database of '\(directory)' says that it has pages beyond its end: it is damaged")
    }

    private static var mostEnlargements: Int { 100 }

    /// Nil, and outside the gate, if the map has to follow another process's first.
    private func enterOnce(_ kind: RawTransaction.Kind) throws(StoreError) -> RawTransaction? {
        try gate.enter()
        let raw: RawTransaction?
        do throws(StoreError) {
            raw = try kind == .reading ? beginReading() : begin(.writing)
        } catch {
            gate.leave()
            throw error
        }
        guard let raw else {
            gate.leave()
            return nil
        }
        if raw.kind == .writing { gate.noteWriter(true) }
        return raw
    }

    /// Ends a transaction. The writer's mark goes before LMDB's lock does, so that it never hides the next writer's.
    @discardableResult
    private func end(_ raw: RawTransaction, commits: Bool) -> Int32 {
        if raw.kind == .writing { gate.noteWriter(false) }
        if commits { return raw.commit() }
        raw.abort()
        return 0
    }

    /// Begins a read, if need be as a writer that writes nothing.
    ///
    /// LMDB knows readers by their process number. A process of another container may have the same one (in most it is 1);
    /// then LMDB refuses this one a reader slot, but a writer needs none. Such a read waits for the writer.
    private func beginReading() throws(StoreError) -> RawTransaction? {
        do throws(StoreError) {
            return try begin(.reading)
        } catch {
            guard error == processNumberTaken else { throw error }
            return try begin(.writing)
        }
    }

    /// Begins a transaction, which has to be inside the gate or under the pins' lock; nil if another process has let the file
    /// outgrow this one's map.
    func begin(_ kind: RawTransaction.Kind) throws(StoreError) -> RawTransaction? {
        try checkUsable()
        var cleared = false
        while true {
            switch environment.begin(kind) {
            case .success(let raw): return raw
            case .failure(RawCode(value: MDB_MAP_RESIZED)): return nil
            case .failure(RawCode(value: MDB_READERS_FULL)) where !cleared:
                cleared = true
                _ = try environment.clearDeadReaders()
            case .failure(RawCode(value: EAGAIN)): throw processNumberTaken
            case .failure(let code): throw .database(code.value, "begin a transaction in the database", directory)
            }
        }
    }

    /// LMDB marks each process that reads with a record lock on the byte of its number.
    var processNumberTaken: StoreError {
        StoreError(
            .inUse,
            "a process of another container with the same process number (\(processID)) has the store '\(directory)' open; "
                + "run both in one PID namespace, or give this one another number",
            errno: EAGAIN)
    }
}
