extension Store {
    /// Runs `body`, whose changes to values, elements, entries and tables are made all together when it returns, or not at
    /// all: if it throws, none is made; if the process is killed at any step, all are or none is, for every other process and
    /// on disk.
    ///
    /// Transactions of all processes of a store run one after another. What others change outside of transactions meanwhile is
    /// noticed: if something that `body` read is not the same at the end, `body` runs again. So `body` should be brief, and all
    /// that it does is in the transaction, or can be done again. One gap is left: to values and elements of up to 8 bytes a
    /// change is a plain `store`. What others do to them, outside of transactions, between that last look and the store is
    /// overwritten: an instant in memory, as long as the disk takes with `.disk`. Change such values in transactions only.
    ///
    /// With `durability: .memory` the changes are there for everybody when this returns, and on disk, all of them at once, with
    /// the next checkpoint; a power cut before that undoes the whole. It costs a lock and a few stores. With `.disk`, or where
    /// a table is used, everything is on disk when this returns, for one disk write.
    ///
    /// Blocks: waits for another transaction, and for locks of what is to be changed, as long as `timeout` (the store's
    /// `lockTimeout` if nil); then `.timedOut`, naming the holder. Must not be called inside a transaction, or inside a `write` of
    /// a table: `.inUse`. A lock of a cell should not be held. Throws what `body` throws, `.memoryFull`, `.diskFull`,
    /// `.limitReached` (64 MiB of changes in memory; 1,900 arrays, larger values and parts of dictionaries), `.ownerDied` for an array that a dead process left half written.
    ///
    /// After NOrec (Dalessandro, Spear and Scott, 2010): one lock, checks by value, and a redo log, here in shared memory.
    @inlinable @discardableResult
    public func transaction<Result>(
        durability: TransactionDurability = .memory, timeout: Duration? = nil,
        _ body: (borrowing Transaction) throws -> Result
    ) throws -> Result {
        var result: Result?
        try attachment.transaction(durability, timeout: timeout) { core in
            result = try Transaction.lend(core, body)
        }
        return result!
    }

    /// Runs `body` on values, elements, entries and tables as of one instant: no transaction is seen in part, and no value,
    /// element or entry that was read changed, by whatever means, before the last of it was. `body` runs again where something did, so it has no
    /// effects but its result.
    ///
    /// Takes no lock, unless transactions keep it from ending again and again; then it waits for one, and for those that write
    /// to disk it waits in any case, as long as `timeout` (the store's `lockTimeout` if nil), then `.timedOut`. Throws what
    /// `body` throws. Works in a store that was opened read-only.
    @inlinable
    public func snapshot<Result>(
        timeout: Duration? = nil, _ body: (borrowing Snapshot) throws -> Result
    ) throws -> Result {
        var result: Result?
        try attachment.snapshot(timeout: timeout) { core in result = try Snapshot.lend(core, body) }
        return result!
    }
}
