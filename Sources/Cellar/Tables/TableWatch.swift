/// A table as something that changes: by the count of the word that it shares with some others. As long as a version is
/// current, that word is armed.
///
/// A process that only looks cannot arm. Its versions are the numbers of the database's transactions.
struct TableWatch: VersionedWatch {
    let core: TableCore

    var attachment: Attachment { core.attachment }

    var count: SharedFutex { core.watchWord?.futex ?? attachment.ending.futex }

    func checkThere() throws(StoreError) { _ = try core.newestTransaction() }

    /// The version now: of what is read after this, no change is missed.
    func version() throws(StoreError) -> CellVersion {
        try checkWatchable()
        guard let word = armable else { return CellVersion(firstChunk: 0, numbers: [try core.newestTransaction()]) }
        let count = word.arm()
        // Between arming and looking; pairs with the barrier in `WatchWord.tell`.
        MemoryBarrier.full()
        return CellVersion(firstChunk: 0, numbers: [UInt64(count)])
    }

    func isCurrent(_ version: CellVersion) -> Bool { version.numbers == [number] }

    func seemsCurrent(_ version: CellVersion, at count: UInt32) -> Bool { isCurrent(version) }

    func prepareToSleep() {}

    private var armable: WatchWord? { attachment.canArm ? core.watchWord : nil }

    /// What cannot be read is over: who waits is woken, and told why.
    private var number: UInt64? {
        if let word = armable { return UInt64(word.count) }
        return try? core.newestTransaction()
    }
}
