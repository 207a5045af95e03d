/// A hash table in shared memory: entries that come and go, read without a lock by any number of processes.
///
/// Keys and values are plain values, as in cells, or text or bytes of any length. Keys are told apart by their bytes: 0.0 is
/// not -0.0, and texts count as they are encoded. Reading takes no lock and writes nothing; changes lock one of 32 parts.
/// Each change is there as a whole or not at all, whoever is killed. Changes go to disk with the next checkpoint, as those
/// of cells do; after a restart, entries come back from there when somebody comes by.
///
/// A handle can be copied and sent anywhere, and is safe to use after the store was closed.
public struct SharedDictionary<Key: Sendable, Value: Sendable>: Sendable {
    @usableFromInline let core: DictionaryCore
    /// The value's type, where not every bit pattern is a value of it.
    @usableFromInline let checked: Schema?
    @usableFromInline let checkedKey: Schema?

    @usableFromInline
    init(_ core: DictionaryCore, checked: Schema?, checkedKey: Schema?) {
        self.core = core
        self.checked = checked
        self.checkedKey = checkedKey
    }

    // MARK: One entry

    /// The value of the key; nil if there is none. O(1) expected. Takes no lock; repeats only where the same few entries
    /// changed meanwhile. Throws `.invalidValue` if the bytes are no value of the type, `.corruptSegment`.
    ///
    /// After a restart, the first look at each place brings in what the disk has of it, under that part's lock.
    @inlinable
    public subscript(key: Key) -> Value? {
        get throws(StoreError) { try value(for: key) }
    }

    /// The same.
    @inlinable
    public func value(for key: Key) throws(StoreError) -> Value? {
        try unsafe EntryCodec.withBytes(of: key) { (key) throws(StoreError) -> Value? in
            guard EntryCodec.isPlain(Value.self) else {
                return unsafe try core.valueBytes(key).map { (bytes) throws(StoreError) in
                    try EntryCodec.value(Value.self, bytes, nil)
                }
            }
            return unsafe try plainValue(key)
        }
    }

    @inlinable @inline(__always) @unsafe
    func plainValue(_ key: UnsafeRawBufferPointer) throws(StoreError) -> Value? {
        try unsafe withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Value>.size, alignment: max(MemoryLayout<Value>.alignment, 8)
        ) { (buffer) throws(StoreError) -> Value? in
            let target = unsafe buffer.baseAddress.unsafelyUnwrapped
            guard try unsafe core.copyValue(key, to: target, size: MemoryLayout<Value>.size) else { return nil }
            if let checked { try unsafe checked.check(UnsafeRawBufferPointer(buffer)) }
            return unsafe target.loadUnaligned(as: Value.self)
        }
    }

    /// Whether there is such a key.
    @inlinable
    public func contains(_ key: Key) throws(StoreError) -> Bool { try value(for: key) != nil }

    /// Sets the value of the key. With `timeToLive`, the entry counts as gone from then on; without, it stays.
    ///
    /// O(1) expected. Waits for the part's lock as long as the store's `lockTimeout`; then `.timedOut`, naming the holder.
    /// Throws `.memoryFull`, `.readOnly`, `.removed`, and `.invalidValue` for a key of more than 480 bytes or an entry of more
    /// than 32,768.
    @inlinable
    public func set(_ value: Value, for key: Key, timeToLive: Duration? = nil) throws(StoreError) {
        try unsafe EntryCodec.withBytes(of: key) { (key) throws(StoreError) in
            try unsafe EntryCodec.withBytes(of: value) { (value) throws(StoreError) in
                try unsafe core.set(key, to: value, timeToLive: timeToLive)
            }
        }
    }

    /// Removes the entry; returns its value, nil if there was none. Blocks and throws as `set`.
    @inlinable @discardableResult
    public func removeValue(for key: Key) throws(StoreError) -> Value? {
        try unsafe EntryCodec.withBytes(of: key) { (key) throws(StoreError) in
            unsafe try core.remove(key).map { (bytes) throws(StoreError) in
                try EntryCodec.value(Value.self, bytes, checked)
            }
        }
    }

    /// Runs `body` on the value of the key (nil if there is none) while no other process changes it, and keeps what it leaves
    /// there; nil removes the entry. If `body` throws, or the process dies within, nothing changed.
    ///
    /// `body` should be brief: it holds the lock of a 32nd of the dictionary, and must not use the dictionary. Blocks and
    /// throws as `set`, and what `body` throws.
    @inlinable
    public func update<Result>(_ key: Key, _ body: (inout Value?) throws -> Result) throws -> Result {
        if EntryCodec.isPlain(Key.self), EntryCodec.isPlain(Value.self) {
            var result: Result?
            if try unsafe updatePlainly(key, { result = try body(&$0) }) { return result! }
        }
        return try updateAny(key, body)
    }

    /// False if `body` was not run: this way was not enough.
    @inlinable @unsafe
    func updatePlainly(_ key: Key, _ body: (inout Value?) throws -> Void) throws -> Bool {
        try unsafe withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Value>.size, alignment: max(MemoryLayout<Value>.alignment, 8)
        ) { buffer in
            try unsafe withUnsafeBytes(of: key) { key in
                let key = unsafe UnsafeRawBufferPointer(rebasing: key[..<MemoryLayout<Key>.size])
                return unsafe try core.updatePlainly(key, buffer) { isThere in
                    if isThere, let checked { try unsafe checked.check(UnsafeRawBufferPointer(buffer)) }
                    var value = isThere ? unsafe buffer.baseAddress?.loadUnaligned(as: Value.self) : nil
                    try body(&value)
                    guard let value else { return isThere ? .remove : .keep }
                    return unsafe Self.change(buffer, to: value, isThere)
                }
            }
        }
    }

    /// Puts the value where the one before was; `keep` if it is the same.
    @inlinable @unsafe
    static func change(_ old: UnsafeMutableRawBufferPointer, to value: Value, _ isThere: Bool)
        -> DictionaryCore.PlainChange
    {
        unsafe withUnsafeBytes(of: value) { bytes in
            let new = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<old.count])
            if isThere, unsafe new.elementsEqual(old) { return .keep }
            unsafe old.copyMemory(from: new)
            return .set
        }
    }

    @inlinable
    func updateAny<Result>(_ key: Key, _ body: (inout Value?) throws -> Result) throws -> Result {
        var result: Swift.Result<Result, any Error>?
        do {
            try unsafe EntryCodec.withBytes(of: key) { (key) throws(StoreError) in
                do {
                    try unsafe core.update(key) { bytes in
                        var value = try bytes.map { try EntryCodec.value(Value.self, $0, checked) }
                        do { result = .success(try body(&value)) } catch {
                            result = .failure(error)
                            throw error
                        }
                        bytes = try value.map { (value) throws(StoreError) in try EntryCodec.bytes(of: value) }
                    }
                } catch { throw StoreError(wrapping: error) }
            }
        } catch {
            // What the body threw comes out as it is.
            if case .failure(let thrown) = result { throw thrown }
            throw error
        }
        return try result!.get()
    }

    // MARK: All entries

    /// How many entries there are; those that expired count until somebody comes by. O(1).
    public var count: Int { get throws(StoreError) { try core.count() } }
    /// Whether there is no entry. O(stripes); takes no lock.
    public var isEmpty: Bool { get throws(StoreError) { try core.count() == 0 } }

    /// Calls `body` with each entry, in no order, until it returns false. Takes no lock.
    ///
    /// Each entry is whole. One that is there all the time is seen exactly once, however much the dictionary grows; one that
    /// is set or removed meanwhile may be seen or not.
    public func forEach(_ body: (_ key: Key, _ value: Value) throws(StoreError) -> Bool) throws(StoreError) {
        try core.forEach { (entry) throws(StoreError) in
            try body(
                try EntryCodec.value(Key.self, entry.key, checkedKey),
                try EntryCodec.value(Value.self, entry.value, checked))
        }
    }

    /// Copies of all keys, in no order.
    public func keys() throws(StoreError) -> [Key] {
        var keys: [Key] = []
        try forEach { (key, _) throws(StoreError) in
            keys.append(key)
            return true
        }
        return keys
    }

    /// Removes every entry that is there when it comes by. Not one step: others see some of them gone before others.
    public func removeAll() throws(StoreError) { try core.removeAll() }

    /// Brings in everything that only the disk has, now and not when it is first looked for. O(entries).
    public func load() throws(StoreError) { try core.forEach { _ throws(StoreError) in true } }

    /// Whether the dictionary was removed since the handle was made.
    public var isRemoved: Bool { core.isRemoved }

    /// Waits until all changes so far, and everything else stored before, is on disk. See `Store.sync`.
    public func sync(timeout: Duration = .seconds(30)) throws(StoreError) { try core.attachment.sync(timeout: timeout) }
}

extension SharedDictionary where Value: Equatable {
    /// Sets the value to `desired` (nil removes the entry) if it is `expected` (nil: there is none), in one step. Returns
    /// whether it did, and what was there. Blocks and throws as `set`.
    @inlinable @discardableResult
    public func compareExchange(
        _ key: Key, expected: Value?, desired: Value?
    ) throws -> (exchanged: Bool, original: Value?) {
        try update(key) { value in
            let original = value
            if original == expected { value = desired }
            return (original == expected, original)
        }
    }
}

extension SharedDictionary where Value: FixedWidthInteger {
    /// Adds to the value, wrapping around; a key that is not there counts as 0. Returns the value before. Blocks and throws
    /// as `set`.
    @inlinable @discardableResult
    public func add(_ operand: Value, to key: Key) throws -> Value {
        try update(key) { value in
            let old = value ?? 0
            value = old &+ operand
            return old
        }
    }
}
