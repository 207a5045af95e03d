/// What transactions and snapshots read, with its Swift type.
extension TransactionCore {
    @inlinable
    func load<Value>(_ value: SharedValue<Value>) throws(StoreError) -> Value {
        if SharedValue<Value>.fitsInWord {
            return try SharedValue<Value>.value(ofWord: try word(value.cell, of: value.attachment), value.checked)
        }
        return try unsafe Self.read(value.checked) { (target) throws(StoreError) in
            try unsafe copyValue(value.cell, of: value.attachment, to: target)
        }
    }

    @inlinable
    func load<Element>(_ array: SharedArray<Element>, at index: Int) throws(StoreError) -> Element {
        array.checkIndex(index)
        return try unsafe Self.read(array.checked) { (target) throws(StoreError) in
            try unsafe copyElement(index, of: array.cell, of: array.attachment, to: target)
        }
    }

    @inlinable
    func value<Key, Value>(for key: Key, in dictionary: SharedDictionary<Key, Value>) throws(StoreError) -> Value? {
        try unsafe EntryCodec.withBytes(of: key) { (key) throws(StoreError) -> Value? in
            unsafe try value(key, in: dictionary.core).map { (bytes) throws(StoreError) in
                try EntryCodec.value(Value.self, bytes, dictionary.checked)
            }
        }
    }

    /// The value whose bytes `fill` writes; they are looked at before they are taken for one.
    @inlinable @unsafe
    static func read<Value: BitwiseCopyable>(
        _ checked: Schema?, _ fill: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) -> Value {
        try unsafe withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Value>.size, alignment: max(MemoryLayout<Value>.alignment, 8)
        ) { (buffer) throws(StoreError) -> Value in
            try unsafe fill(buffer)
            if let checked { try unsafe checked.check(UnsafeRawBufferPointer(buffer)) }
            return unsafe buffer.baseAddress.unsafelyUnwrapped.loadUnaligned(as: Value.self)
        }
    }

    /// The same, of which others are told once it is committed.
    @usableFromInline @inline(never)
    func accessToChange(_ table: TableCore) throws(StoreError) -> TableAccess {
        let access = try access(table)
        whenCommitted(table) { table.noteChange() }
        return access
    }

    /// A table inside the database's transaction. (Swift 6.3.1 crashes when it inlines this.)
    @usableFromInline @inline(never)
    func access(_ table: TableCore) throws(StoreError) -> TableAccess {
        let raw = try database(of: table.attachment)
        return try table.access(in: raw)
    }
}
