import CCellar

/// The short way to set entries of the simple kind.
extension DictionaryCore {
    /// False if it was not enough; nothing was changed then.
    @inline(__always) @unsafe
    func setPlainly(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ plain: PlainEntries
    ) throws(StoreError) -> Bool {
        guard key.count == plain.keySize, value.count == plain.valueSize, let keyStart = key.baseAddress,
            let valueStart = value.baseAddress
        else { return false }
        // Straight code for the size that keys most often have.
        if key.count == 16 { return try unsafe setPlainly(keyStart, 16, valueStart, plain) }
        return try unsafe setPlainlyOfAnyKey(keyStart, key.count, valueStart, plain)
    }

    @inline(never) @unsafe
    private func setPlainlyOfAnyKey(
        _ key: UnsafeRawPointer, _ keyCount: Int, _ value: UnsafeRawPointer, _ plain: PlainEntries
    ) throws(StoreError) -> Bool {
        try unsafe setPlainly(key, keyCount, value, plain)
    }

    @inline(__always) @unsafe
    private func setPlainly(
        _ key: UnsafeRawPointer, _ keyCount: Int, _ value: UnsafeRawPointer, _ plain: PlainEntries
    ) throws(StoreError) -> Bool {
        guard case .memory(let reference) = place else { return false }
        try attachment.checkWritable()
        let hash = unsafe plain.hash(key, keyCount)
        // Asks for the memory, which comes while the lock is taken.
        if let place = plain.place(of: hash) { unsafe cellar_prefetch_to_write(place.bucket) }
        let lock = try acquire(reference.stripe(of: hash), until: attachment.deadline)
        let isDone = unsafe reference.cell.state == .live && plain.put(key, keyCount, hash, value, in: lock.stripe)
        lock.release()
        if isDone { noteChange(reference) }
        return isDone
    }
}
