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
        prepare(plain, reference, hash)
        let lock = try acquire(reference.stripe(of: hash), until: attachment.deadline)
        let isDone = unsafe reference.cell.state == .live && plain.put(key, keyCount, hash, value, in: lock.stripe)
        lock.release()
        if isDone { noteChange(reference) }
        return isDone
    }

    /// Asks for the memory that a change writes, which comes while the lock is taken.
    @inline(__always)
    private func prepare(_ plain: PlainEntries, _ reference: DictionaryReference, _ hash: UInt64) {
        unsafe cellar_prefetch_to_write(reference.stripe(of: hash).address + Int(CELLAR_STRIPE_BUCKET))
        if let place = plain.place(of: hash) { unsafe cellar_prefetch_to_write(place.bucket) }
    }

    /// What a change made of a value that lies in private memory.
    @usableFromInline
    enum PlainChange { case keep, set, remove }

    /// Runs `change` on a copy of a key's value at `value`, under the stripe's lock, and does as it says; false, without having
    /// run it, if this way was not enough.
    @usableFromInline @unsafe
    func updatePlainly(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeMutableRawBufferPointer,
        _ change: (_ isThere: Bool) throws -> PlainChange
    ) throws -> Bool {
        guard let plain, !plain.isLimited, key.count == plain.keySize, value.count == plain.valueSize,
            let keyStart = key.baseAddress, let valueStart = value.baseAddress, case .memory(let reference) = place
        else { return false }
        try attachment.checkWritable()
        let hash = unsafe plain.hash(keyStart, key.count)
        prepare(plain, reference, hash)
        let lock = try acquire(reference.stripe(of: hash), until: attachment.deadline)
        defer { lock.release() }
        guard reference.cell.state == .live else { return false }
        let found = unsafe plain.copyValue(keyStart, key.count, to: valueStart, size: value.count)
        if case .unsure = found { return false }
        // No crash point: those of the changes.
        do {
            switch try change(found == .found) {
            case .keep: break
            case .set:
                if unsafe !plain.put(keyStart, key.count, hash, valueStart, in: lock.stripe) {
                    unsafe try writer(lock).put(key, hash, UnsafeRawBufferPointer(value), expiry: 0)
                }
                noteChange(reference)
            case .remove:
                try unsafe remove(key, hash, writer(lock))
                noteChange(reference)
            }
        } catch {
            try lock.undo()
            throw error
        }
        return true
    }

    private func writer(_ lock: StripeLock) -> StripeWriter {
        StripeWriter(stripe: lock.stripe, patience: attachment.options.lockTimeout)
    }

    @unsafe
    private func remove(_ key: UnsafeRawBufferPointer, _ hash: UInt64, _ writer: StripeWriter) throws(StoreError) {
        let position = try writer.position(of: hash)
        guard let bucket = position.bucket, let index = unsafe writer.find(key, hash, in: bucket) else { return }
        try writer.remove(index, at: position)
    }
}
