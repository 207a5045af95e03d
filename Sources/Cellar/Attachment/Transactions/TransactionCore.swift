import CCellar

/// A transaction, or a snapshot, as one process runs it: what it reads and is to change, as bytes.
///
/// A transaction's is used again and again, under the transactions' lock; each snapshot has its own.
@usableFromInline @safe
final class TransactionCore: @unchecked Sendable {
    private unowned(unsafe) let unownedAttachment: Attachment
    var attachment: Attachment { unsafe unownedAttachment }
    /// Nil for a store at rest that is only looked at.
    let area: TransactionArea?
    /// Where the segment is mapped.
    private let base: UnsafeMutableRawPointer?
    private let identity: ObjectIdentifier
    /// Only the thread that runs it touches it, never one part within another. To have that checked at run time would cost
    /// a fifth of a transaction.
    @exclusivity(unchecked) private var state = State()

    private struct State: ~Copyable {
        var start: UInt64?
        var raw: RawTransaction?
        var restart: Restart?
        var reads = ReadSet()
        var writes = PendingWrites()
        var locks = TargetLocks()
        var isOpen = false
        var notes: [ObjectIdentifier: () -> Void] = [:]
    }

    /// The sequence at which a snapshot began; nil in a transaction.
    private var start: UInt64? { unsafe state.start }
    /// The database's transaction that it is a part of.
    var raw: RawTransaction? { unsafe state.raw }
    /// Why the body is to run once more, whatever it came to.
    var restart: Restart? { unsafe state.restart }
    /// Its body runs: what was lent to that is good.
    private var isOpen: Bool { unsafe state.isOpen }
    var reads: ReadSet {
        @inline(__always) _read { yield unsafe state.reads }
        @inline(__always) _modify { yield unsafe &state.reads }
    }
    var writes: PendingWrites {
        @inline(__always) _read { yield unsafe state.writes }
        @inline(__always) _modify { yield unsafe &state.writes }
    }
    /// Locks that are held while it commits.
    var locks: TargetLocks {
        @inline(__always) _read { yield unsafe state.locks }
        @inline(__always) _modify { yield unsafe &state.locks }
    }

    enum Restart: Error {
        /// What it read is not the same any more.
        case changed
        /// It needs a transaction of the database around it.
        case needsDatabase
        /// It is to change something on disk that the disk does not know of yet.
        case needsRecords
    }

    init(_ attachment: Attachment) {
        unsafe unownedAttachment = attachment
        area = attachment.segment.map { TransactionArea(segment: $0) }
        unsafe base = attachment.segment?.fixed(0)
        identity = ObjectIdentifier(attachment)
    }

    /// Forgets everything, for a first run or another.
    func begin(at start: UInt64? = nil, in raw: RawTransaction? = nil) {
        forget()
        unsafe state.restart = nil
        unsafe state.start = start
        unsafe state.raw = raw
        unsafe state.isOpen = true
    }

    private func forget() {
        reads.clear()
        writes.clear()
        if unsafe !state.notes.isEmpty { unsafe state.notes = [:] }
    }

    /// Nothing of it is kept that keeps the attachment.
    func end() {
        forget()
        unsafe state.isOpen = false
        unsafe state.raw = nil
    }

    /// Has the body run once more. What it throws on this way says nothing to anybody.
    func begin(again reason: Restart) -> StoreError {
        unsafe state.restart = reason
        return StoreError(.inUse, "the transaction begins again")
    }

    // MARK: Checks

    @inline(__always)
    func checkOpen(_ attachment: Attachment) throws(StoreError) {
        if _fastPath(isOpen && ObjectIdentifier(attachment) == identity) { return }
        throw isOpen
            ? StoreError(.mismatch, "a transaction is of one store, and this belongs to another")
            : StoreError(.closed, "a transaction was used after it ended")
    }

    /// Of a snapshot: whether all that was read so far is of one moment.
    @inline(__always)
    private func checkMoment() throws(StoreError) {
        guard let start, let area else { return }
        if _slowPath(!area.isUnchanged(since: start)) { throw begin(again: .changed) }
    }

    // MARK: Reading

    /// The word of a value of up to 8 bytes.
    @usableFromInline
    func word(_ cell: CellReference, of attachment: Attachment) throws(StoreError) -> UInt64 {
        try checkOpen(attachment)
        if let write = writes.find(unsafe UInt(bitPattern: cell.address), 0) { return writes.item(write).valueWord }
        let word = reads.load(unsafe SharedElement(cell.payload, stride: 8))
        try checkMoment()
        return word
    }

    /// A value of more than 8 bytes.
    @usableFromInline @unsafe
    func copyValue(
        _ cell: CellReference, of attachment: Attachment, to target: UnsafeMutableRawBufferPointer
    ) throws(StoreError) {
        // No crash point: memory of this process alone.
        try checkOpen(attachment)
        if let write = writes.find(unsafe UInt(bitPattern: cell.address), 0) {
            return unsafe target.copyMemory(from: UnsafeRawBufferPointer(writes.item(write).value))
        }
        let reader = CellReader(reference: cell)
        unsafe reader.copyValue(to: target.baseAddress!, size: target.count)
        try checkMoment()
        unsafe reads.note(reader, was: UnsafeRawBufferPointer(target))
    }

    /// An element of an array, of any size.
    @usableFromInline @unsafe
    func copyElement(
        _ index: Int, of cell: CellReference, of attachment: Attachment, to target: UnsafeMutableRawBufferPointer
    ) throws(StoreError) {
        // No crash point: memory of this process alone.
        try checkOpen(attachment)
        let found = writes.find(unsafe UInt(bitPattern: cell.address), UInt64(index))
        if let found { return unsafe target.copyMemory(from: UnsafeRawBufferPointer(writes.item(found).value)) }
        if SharedElement.isAtomic(stride: cell.stride), noteQuiet(cell) {
            let element = unsafe SharedElement(cell.payload + index * cell.stride, stride: cell.stride)
            var word = reads.load(element).littleEndian
            try checkMoment()
            return unsafe withUnsafeBytes(of: &word) { word in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: word[..<target.count]))
            }
        }
        let reader = ArrayReader(reference: cell, segment: attachment.segment)
        let bytes = reader.element(index)
        try checkMoment()
        unsafe target.copyBytes(from: bytes)
        reads.note { () throws(StoreError) in reader.element(index) == bytes }
    }

    /// Whether no committed update waits to be applied to an array; and that this stays so is noted: an element that one is
    /// about to replace is the same still when it is looked at once more.
    private func noteQuiet(_ cell: CellReference) -> Bool {
        reads.load(unsafe SharedElement(cell.address + CELLAR_CELL_SEQUENCE, stride: 8)) & 1 == 0
    }

    /// The value of a dictionary's key; nil if there is none.
    @usableFromInline @unsafe
    func value(_ key: UnsafeRawBufferPointer, in core: DictionaryCore) throws(StoreError) -> [UInt8]? {
        try checkOpen(core.attachment)
        if case .memory(let reference) = core.place, !writes.isEmpty {
            let hash = unsafe reference.hash(key)
            let found = writes.find(unsafe UInt(bitPattern: reference.cell.address), hash) {
                unsafe $0.key.elementsEqual(key)
            }
            if let found {
                let item = writes.item(found)
                return item.kind == .entry ? unsafe [UInt8](item.value) : nil
            }
        }
        let value = unsafe try core.valueBytes(key)
        try checkMoment()
        let copy = unsafe [UInt8](key)
        reads.note { () throws(StoreError) in
            unsafe try copy.span.withUnsafeBytes { (key) throws(StoreError) in try unsafe core.valueBytes(key) }
                == value
        }
        return value
    }

    // MARK: Changing

    /// Has a value be something else once the transaction is committed.
    @usableFromInline @unsafe
    func set(_ cell: CellReference, of attachment: Attachment, to value: UnsafeRawBufferPointer) throws(StoreError) {
        // No crash point: memory of this process alone.
        try checkOpen(attachment)
        unsafe writes.set(
            .value, cell.size <= 8 ? .word : .cell(cell), cell: try position(cell), place: 0, value: value)
    }

    /// Likewise an element.
    @usableFromInline @unsafe
    func set(
        _ index: Int, of cell: CellReference, of attachment: Attachment, to value: UnsafeRawBufferPointer
    ) throws(StoreError) {
        // No crash point: memory of this process alone.
        try checkOpen(attachment)
        unsafe writes.set(.element, .cell(cell), cell: try position(cell), place: UInt64(index), value: value)
    }

    /// Likewise a dictionary's entry; nil removes it.
    @usableFromInline @unsafe
    func set(
        _ key: UnsafeRawBufferPointer, in core: DictionaryCore, to value: UnsafeRawBufferPointer?, timeToLive: Duration?
    ) throws(StoreError) {
        // No crash point: memory of this process alone.
        try checkOpen(core.attachment)
        guard case .memory(let reference) = core.place else { throw attachment.readOnlyError }
        let cell = reference.cell
        if cell.state == .removed { throw attachment.removedError }
        let none = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        if let value = unsafe value { try unsafe core.check(key, value) }
        unsafe writes.set(
            value == nil ? .removedEntry : .entry, .entry(core, reference),
            cell: (cell.offset, cell.uid, UInt(bitPattern: cell.address)), place: reference.hash(key), key: key,
            value: value ?? none, expiry: try core.expiry(timeToLive))
    }

    private func position(_ cell: CellReference) throws(StoreError) -> (offset: UInt64, uid: UInt64, address: UInt) {
        guard start == nil, let base = unsafe base else {
            throw StoreError(.readOnly, "a snapshot only reads: change things in a transaction")
        }
        if cell.isRemoved { throw attachment.removedError }
        return unsafe (
            UInt64(cell.address - base), CellWord(address: cell.address).uid, UInt(bitPattern: cell.address)
        )
    }

    // MARK: Tables

    /// Has `note` called once it is committed, once for each thing that it is about.
    func whenCommitted(_ thing: AnyObject, _ note: @escaping () -> Void) {
        unsafe state.notes[ObjectIdentifier(thing)] = note
    }

    func noteCommitted() { for note in unsafe state.notes.values { note() } }

    /// The database's transaction; without one, the body runs again in one.
    func database(of attachment: Attachment) throws(StoreError) -> RawTransaction {
        try checkOpen(attachment)
        guard let raw else { throw begin(again: .needsDatabase) }
        return raw
    }
}
