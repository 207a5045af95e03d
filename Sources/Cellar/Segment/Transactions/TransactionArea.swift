import CCellar

/// The words by which transactions are made one after another, each as a whole.
///
/// A transaction runs under the one lock. What it is to change is collected in private memory; then the locks of the cells
/// are taken, the record of all changes is written, and one store commits it. From then on the changes will be made, by the
/// transaction or, if its process dies, by whoever comes by: each of them can be made twice.
///
/// | state | means | whoever finds the holder dead |
/// |---|---|---|
/// | none | no record counts | – |
/// | onDisk | the database has the transaction if it names `identity` | asks the database: committed, or none |
/// | committed | the record's changes are being made | makes those that are not marked as applied, then: none |
///
/// | sequence | means |
/// |---|---|
/// | even | no transaction makes changes |
/// | odd | one does, or died at it: who reads several things begins again |
///
/// The record is NOrec's redo log (Dalessandro, Spear and Scott, 2010), as is the one sequence, and that what was read is
/// checked by its value.
struct TransactionArea {
    /// Not counted: who runs transactions holds the segment, longer than any area.
    private unowned(unsafe) let unownedSegment: Segment
    var segment: Segment { unsafe unownedSegment }

    init(segment: borrowing Segment) { unsafe unownedSegment = copy segment }

    enum State: UInt64 {
        case none, onDisk, committed
    }

    private func word(_ field: Int) -> SharedWord { segment.word(CELLAR_HEADER_TRANSACTIONS + field) }

    var lock: RobustMutex { unsafe RobustMutex(segment.fixed(CELLAR_HEADER_TRANSACTIONS)) }
    var holder: SharedWord { word(CELLAR_TRANSACTIONS_HOLDER) }
    var sequence: SharedWord { word(CELLAR_TRANSACTIONS_SEQUENCE) }
    var stateWord: SharedWord { word(CELLAR_TRANSACTIONS_STATE) }
    var state: State? { State(rawValue: stateWord.acquire()) }
    var number: SharedWord { word(CELLAR_TRANSACTIONS_NUMBER) }
    var identity: SharedWord { word(CELLAR_TRANSACTIONS_IDENTITY) }
    var record: SharedWord { word(CELLAR_TRANSACTIONS_RECORD) }
    var recordCapacity: SharedWord { word(CELLAR_TRANSACTIONS_RECORD_CAPACITY) }
    var recordLength: SharedWord { word(CELLAR_TRANSACTIONS_RECORD_LENGTH) }
    var touched: SharedWord { word(CELLAR_TRANSACTIONS_TOUCHED) }
    var touchedCapacity: SharedWord { word(CELLAR_TRANSACTIONS_TOUCHED_CAPACITY) }
    func touchedCount(_ set: Int) -> SharedWord { word(CELLAR_TRANSACTIONS_TOUCHED_COUNTS + set * 8) }
    var drained: SharedWord { word(CELLAR_TRANSACTIONS_DRAINED) }

    /// Whether somebody left something half done.
    var isUnfinished: Bool { stateWord.relaxed() != State.none.rawValue || sequence.relaxed() & 1 != 0 }

    // MARK: The lock

    /// Takes the lock, in the name of the process in `slot`, after finishing what a dead holder left. Throws `.timedOut`.
    func acquire(until deadline: @autoclosure () -> Int64, as slot: Int) throws(StoreError) {
        switch lock.lock(until: deadline()) {
        case .locked:
            // Who could not finish something left it on record.
            if isUnfinished { try recover(slot, isDead: false) }
        case .ownerDied: try recover(slot, isDead: true)
        case .busy:
            throw StoreError(.timedOut, "another transaction stays open: \(LockHolder(holder.relaxed(), in: segment))")
        case .unusable(let number):
            throw segment.corrupt("the lock of its transactions cannot be used (error \(number))")
        }
        crashPoint("transaction lock: taken")
        holder.setRelaxed(LockHolder.briefly(slot: slot))
    }

    func release() {
        // No crash point: a word for messages.
        holder.setRelaxed(0)
        lock.unlock()
    }

    /// Finishes what is on record, or gives the lock up, usable, with the record as it is.
    private func recover(_ slot: Int, isDead: Bool) throws(StoreError) {
        do throws(StoreError) {
            try RedoRecovery(area: self, slot: slot).finish()
            crashPoint("transaction lock: mended")
            if isDead { lock.makeConsistent() }
        } catch {
            if isDead { lock.makeConsistent() }
            lock.unlock()
            throw error
        }
    }

    /// Finishes what a dead process left, if nobody holds the lock. Does not wait for it.
    func mendIfAbandoned(as slot: Int) throws(StoreError) {
        guard lock.isAbandoned || isUnfinished && !lock.isHeld else { return }
        do throws(StoreError) { try acquire(until: 0, as: slot) } catch {
            // Its holder lives, and is at it.
            if error.code == .timedOut { return }
            throw error
        }
        release()
    }

    // MARK: Making changes

    /// From here on, who reads several things begins again.
    func beginChanges() {
        sequence.setRelaxed(sequence.relaxed() | 1)
        crashPoint("commit: odd sequence")
        // The odd number stays before the changes; pairs with the acquire fence in `isUnchanged`.
        SharedFence.release()
    }

    /// All changes are made.
    func endChanges() {
        // Pairs with the acquire load in `quietSequence`: who sees the even number sees the changes.
        sequence.release((sequence.relaxed() | 1) &+ 1)
        crashPoint("commit: even sequence")
    }

    func commit() {
        // Pairs with the acquire load of `state`: who sees it sees the record.
        stateWord.release(State.committed.rawValue)
        crashPoint("commit: committed")
    }

    func commitOnDisk(as name: UInt64) {
        identity.setRelaxed(name)
        crashPoint("commit: named")
        // Likewise.
        stateWord.release(State.onDisk.rawValue)
        crashPoint("commit: perhaps on disk")
    }

    func forget() {
        // After the changes; pairs with the acquire load of `state`.
        stateWord.release(State.none.rawValue)
        crashPoint("commit: no record")
    }

    // MARK: Reading several things

    /// The sequence, if no transaction makes changes.
    var quietSequence: UInt64? {
        let seen = sequence.acquire()
        return seen & 1 == 0 ? seen : nil
    }

    /// Whether no transaction made changes since: what was read before the call is of one moment, as far as transactions go.
    func isUnchanged(since seen: UInt64) -> Bool {
        // The loads of what was read stay before the next load; pairs with the release fence in `beginChanges`.
        SharedFence.acquire()
        return sequence.relaxed() == seen
    }
}
