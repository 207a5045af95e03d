/// A named value that any number of processes read and write.
///
/// A handle is small and can be copied and sent anywhere. It stays safe to use after the store was closed and after
/// the cell was removed: it then reads and writes memory that nobody else looks at under that name (`isRemoved`).
///
/// Reading never takes a lock, never waits for a writer and never writes. A value of up to 8 bytes is one atomic word;
/// a larger one is kept twice, so that a process killed at any instruction of a write leaves the old value whole.
public struct SharedValue<Value: BitwiseCopyable>: @unchecked Sendable {
    @usableFromInline let cell: CellReference
    @usableFromInline let attachment: Attachment
    /// Private memory in place of the segment, for what only the disk has.
    @usableFromInline let image: CellImage?
    @usableFromInline let policy: UInt8
    /// `DirtyMark.quiet`, or 0 where every write has to fence and so takes the slow path.
    @usableFromInline let quiet: UInt64
    /// The type, where not every bit pattern is a value of it.
    @usableFromInline let checked: Schema?

    @inlinable @inline(__always)
    init(_ cell: CellReference, _ attachment: Attachment, image: CellImage?, type: SchemaKey) {
        self.cell = cell
        self.attachment = attachment
        self.image = image
        policy = attachment.writePolicy
        quiet = policy == Attachment.fencing ? 0 : DirtyMark.quiet
        checked = type.acceptsAllBits ? nil : type.schema
    }

    @inlinable @inline(__always)
    static var fitsInWord: Bool { MemoryLayout<Value>.size <= 8 }

    // MARK: Reading and writing

    /// The value now.
    ///
    /// Lock-free: repeats only if other processes finished two writes meanwhile. Throws `.invalidValue` if the bytes in
    /// the segment are no value of the type (a Bool of 7, an enum without such a case).
    @inlinable
    public func load() throws(StoreError) -> Value {
        if Self.fitsInWord { return try Self.value(ofWord: cell.word.acquire(), checked) }
        if checked != nil {
            // Through a variable of its own, so that the other way's value need not go through memory to meet this one.
            var value = try loadChecked()
            return unsafe withUnsafeMutablePointer(to: &value) { unsafe $0.pointee }
        }
        return loadWhole()
    }

    @inlinable @inline(__always)
    func loadWhole() -> Value {
        // A local function, because a closure would not be inlined, and the value then go through memory three times.
        @inline(__always)
        func copied(_ buffer: UnsafeMutableBufferPointer<Value>) -> Value {
            let target = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe CellReader(reference: cell).copyValue(
                to: UnsafeMutableRawPointer(target), size: MemoryLayout<Value>.size)
            return unsafe target.pointee
        }
        return unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1, copied)
    }

    /// The bits are looked at before they are taken for a value.
    @inlinable @inline(never)
    func loadChecked() throws(StoreError) -> Value {
        try unsafe withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment
        ) { (buffer) throws(StoreError) -> Value in
            let target = unsafe buffer.baseAddress.unsafelyUnwrapped
            unsafe CellReader(reference: cell).copyValue(to: target, size: MemoryLayout<Value>.size)
            try unsafe checked?.check(UnsafeRawBufferPointer(buffer))
            return unsafe target.load(as: Value.self)
        }
    }

    /// Replaces the value.
    ///
    /// Up to 8 bytes: one atomic store. Larger: under the cell's lock, for which it waits as long as the store's
    /// `lockTimeout`; then `.timedOut`, naming the holder. Killed within, the old value stays whole.
    @inlinable @inline(__always)
    public func store(_ value: Value) throws(StoreError) {
        if Self.fitsInWord {
            try checkWritable()
            cell.word.release(Self.word(of: value))
        } else {
            try lock(timeout: nil)
            defer { cell.lock.unlock() }
            cell.holder.setRelaxed(LockHolder.briefly(slot: attachment.slot))
            writeWhole(value)
        }
        noteChange()
    }

    /// Runs `body` on the value while no other process or thread is in `withLock` or a large `store` of it, and keeps
    /// what it leaves there. If `body` throws, or the process dies within, the old value stays.
    ///
    /// For values of up to 8 bytes, lock-free operations of others (`add`, `store`, …) go on meanwhile; if one of them
    /// changed the value, `body` runs again on the new one, so nothing is lost.
    ///
    /// Blocks; throws `.timedOut`, naming the holder, after `timeout` (the store's `lockTimeout` if nil). The lock is
    /// not recursive, and no other cell's lock should be taken in another order elsewhere.
    @inlinable
    public func withLock<Result>(
        timeout: Duration? = nil, _ body: (inout Value) throws -> Result
    ) throws -> Result {
        try lock(timeout: timeout)
        defer {
            cell.holder.setRelaxed(0)
            cell.lock.unlock()
        }
        cell.holder.setRelaxed(LockHolder.word(slot: attachment.slot))
        if Self.fitsInWord { return try updateWord(body) }
        var value = try load()
        let result = try body(&value)
        writeWhole(value)
        noteChange()
        return result
    }

    @inlinable
    func updateWord<Result>(_ body: (inout Value) throws -> Result) throws -> Result {
        while true {
            let seen = cell.word.acquire()
            var value = try Self.value(ofWord: seen, checked)
            let result = try body(&value)
            if cell.word.compareExchange(seen, Self.word(of: value)).exchanged {
                noteChange()
                return result
            }
        }
    }

    /// Replaces the value and returns the one before, in one step. Blocks and throws as `withLock`.
    @inlinable
    public func exchange(_ value: Value) throws -> Value {
        if Self.fitsInWord {
            try checkWritable()
            let old = cell.word.exchange(Self.word(of: value))
            noteChange()
            return try Self.value(ofWord: old, checked)
        }
        return try withLock { current in
            let old = current
            current = value
            return old
        }
    }

    // MARK: The cell

    /// Whether the cell was removed since the handle was made.
    public var isRemoved: Bool { image == nil && cell.state == .removed }

    /// Waits until the value, and everything else stored before, is on disk. See `Store.sync`.
    public func sync(timeout: Duration = .seconds(30)) throws(StoreError) { try attachment.sync(timeout: timeout) }

    // MARK: Parts

    /// After each change: tells the checkpointer unless it was told. The value's store comes before the mark's load:
    /// the compiler is held to that here, the processor by the checkpointer's barrier (`MemoryBarrier`).
    @inlinable @inline(__always)
    func noteChange() {
        crashPoint("value: changed")
        MemoryBarrier.compilerOnly()
        if _slowPath(cell.mark.word.relaxed() & quiet == 0) { attachment.noteChange(cell.mark, cell: cell.id) }
    }

    @inlinable @inline(__always)
    func writeWhole(_ value: Value) {
        // A local function, because a closure would not be inlined, and the value then go through memory once more,
        // with the lock held.
        @inline(__always)
        func write(_ bytes: UnsafeRawBufferPointer) {
            unsafe CellWriter(reference: cell).write(
                bytes.baseAddress.unsafelyUnwrapped, size: MemoryLayout<Value>.size)
        }
        unsafe withUnsafeBytes(of: value, write)
    }

    @inlinable @inline(__always)
    func checkWritable() throws(StoreError) {
        if policy > 1 { throw attachment.readOnlyError }
    }

    @inlinable @inline(__always)
    func lock(timeout: Duration?) throws(StoreError) {
        try checkWritable()
        let outcome = try attachment.tryLock(cell.lock)
        if case .locked = outcome {} else { try lockSlowly(after: outcome, timeout: timeout) }
        crashPoint("value lock: taken")
        if cell.isRemoved {
            cell.lock.unlock()
            throw attachment.removedError
        }
    }

    /// A function of its own, so that only here the whole reference goes through memory: on the fast path its nine words
    /// would be stores that the lock's atomic operation has to wait for.
    @inlinable @inline(never)
    func lockSlowly(after outcome: RobustMutex.Outcome, timeout: Duration?) throws(StoreError) {
        try attachment.lockSlowly(cell, after: outcome, timeout: timeout)
    }

    @inlinable @inline(__always)
    static func word(of value: Value) -> UInt64 {
        var word: UInt64 = 0
        unsafe withUnsafeMutableBytes(of: &word) { unsafe $0.storeBytes(of: value, as: Value.self) }
        return word
    }

    @inlinable @inline(__always)
    static func value(ofWord word: UInt64, _ checked: Schema?) throws(StoreError) -> Value {
        if let checked { try checked.check(word: word) }
        return unsafe withUnsafeBytes(of: word) { unsafe $0.loadUnaligned(as: Value.self) }
    }
}

extension SharedValue where Value: Equatable {
    /// Replaces the value with `desired` if it equals `expected`, in one step. Returns whether it did, and the value
    /// that was there. Lock-free up to 8 bytes; otherwise blocks and throws as `withLock`.
    @inlinable @discardableResult
    public func compareExchange(
        expected: Value, desired: Value
    ) throws -> (exchanged: Bool, original: Value) {
        guard Self.fitsInWord else {
            return try withLock { current in
                let original = current
                if original == expected { current = desired }
                return (original == expected, original)
            }
        }
        try checkWritable()
        var seen = cell.word.acquire()
        while true {
            let original = try Self.value(ofWord: seen, checked)
            guard original == expected else { return (false, original) }
            let (exchanged, now) = cell.word.compareExchange(seen, Self.word(of: desired))
            if exchanged {
                noteChange()
                return (true, original)
            }
            seen = now
        }
    }
}
