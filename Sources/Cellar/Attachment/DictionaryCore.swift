import CCellar

/// A dictionary as one process has it: what it does with bytes, whatever they stand for.
@usableFromInline
final class DictionaryCore: Sendable {
    let attachment: Attachment
    let name: String
    let type: DictionaryType
    let place: Place
    /// The short way to entries of the simple kind.
    let plain: PlainEntries?

    /// Where the entries are.
    enum Place: Sendable {
        case memory(DictionaryReference)
        /// For a process that only looks: what the disk has, under this identity.
        case disk(UInt64)
    }

    init(_ name: String, _ type: DictionaryType, _ place: Place, _ attachment: Attachment) {
        self.name = name
        self.type = type
        self.place = place
        self.attachment = attachment
        if case .memory(let reference) = place { plain = PlainEntries(reference) } else { plain = nil }
    }

    var expires: Bool { type.expires }

    /// Milliseconds since 1970, where anybody needs to know.
    var now: UInt64 { expires ? MonotonicClock.wall() / 1_000_000 : 0 }

    @usableFromInline
    var isRemoved: Bool {
        guard case .memory(let reference) = place else { return false }
        return reference.cell.state == .removed
    }

    // MARK: Reading

    /// Copies a plain value to `target`; false if there is no such key.
    @usableFromInline @unsafe
    func copyValue(
        _ key: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, size: Int
    ) throws(StoreError) -> Bool {
        // Straight code for the size that keys most often have.
        if key.count == 16, let isFound = unsafe copyPlainly(key, 16, to: target, size: size) { return isFound }
        return unsafe try copyValueOfAnyKey(key, to: target, size: size)
    }

    @inline(never) @unsafe
    private func copyValueOfAnyKey(
        _ key: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, size: Int
    ) throws(StoreError) -> Bool {
        if let isFound = unsafe copyPlainly(key, key.count, to: target, size: size) { return isFound }
        return unsafe try copyValueThoroughly(key, to: target, size: size)
    }

    /// The short way: whether the key is there; nil if that was not enough to know.
    @inline(__always) @unsafe
    private func copyPlainly(
        _ key: UnsafeRawBufferPointer, _ keyCount: Int, to target: UnsafeMutableRawPointer, size: Int
    ) -> Bool? {
        guard let plain, let start = key.baseAddress else { return nil }
        return switch unsafe plain.copyValue(start, keyCount, to: target, size: size) {
        case .found: true
        case .absent: false
        case .unsure: nil
        }
    }

    @inline(never) @unsafe
    private func copyValueThoroughly(
        _ key: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, size: Int
    ) throws(StoreError) -> Bool {
        guard case .memory(let reference) = place else { return unsafe try copyOnDisk(key, to: target, size: size) }
        let reader = DictionaryReader(reference: reference)
        let hash = unsafe reference.hash(key)
        while true {
            let outcome = try unsafe reader.find(key, hash, now: now) { slot throws(StoreError) in
                unsafe reader.copyValue(of: slot, to: target, size: size)
            }
            switch outcome {
            case .found: return true
            case .absent: return false
            case .unloaded:
                if attachment.writePolicy == Attachment.readOnly {
                    return unsafe try copyOnDisk(key, to: target, size: size)
                }
                try load(hash, reference)
            }
        }
    }

    @unsafe
    private func copyOnDisk(
        _ key: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, size: Int
    ) throws(StoreError) -> Bool {
        // No crash point: memory of this process alone.
        guard let bytes = unsafe try valueOnDisk(key), bytes.count == size else { return false }
        unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0.baseAddress!, byteCount: size) }
        return true
    }

    /// The bytes of a value of any type.
    @usableFromInline @unsafe
    func valueBytes(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? {
        guard case .memory(let reference) = place else { return unsafe try valueOnDisk(key) }
        let reader = DictionaryReader(reference: reference)
        let hash = unsafe reference.hash(key)
        while true {
            var bytes: [UInt8]?
            let outcome = try unsafe reader.find(key, hash, now: now) { slot throws(StoreError) in
                bytes = try reader.valueBytes(of: slot)
            }
            switch outcome {
            case .found: return bytes
            case .absent: return nil
            case .unloaded:
                if attachment.writePolicy == Attachment.readOnly { return unsafe try valueOnDisk(key) }
                try load(hash, reference)
            }
        }
    }

    /// A number that is another after entries of the stripe have changed; nil of what only the disk has.
    func digest(ofStripe index: Int) throws(StoreError) -> UInt64? {
        guard case .memory(let reference) = place else { return nil }
        if reference.cell.state == .removed { throw attachment.removedError }
        return try reference.stripe(index).digest
    }

    /// How many entries there are, expired ones that nobody came by included. O(1).
    @usableFromInline
    func count() throws(StoreError) -> Int {
        switch place {
        case .memory(let reference):
            // Whoever died in a change may have died before it was counted.
            if attachment.canArm, !attachment.isClosed {
                try reference.mendAbandoned(until: attachment.deadline, as: attachment.slot)
            }
            return (0..<DictionaryShape.stripeCount).reduce(0) {
                $0 &+ Int(clamping: reference.stripe($1).count.relaxed())
            }
        case .disk(let uid):
            return try attachment.catalogue.database.read {
                (transaction: borrowing ReadTransaction) throws(StoreError) in
                try attachment.catalogue.entryCounts(of: uid, in: transaction).reduce(0) { $0 &+ Int(clamping: $1) }
            }
        }
    }

    // MARK: Writing

    @usableFromInline @unsafe
    func set(
        _ key: UnsafeRawBufferPointer, to value: UnsafeRawBufferPointer, timeToLive: Duration?
    ) throws(StoreError) {
        if timeToLive == nil, let plain, !plain.isLimited, try unsafe setPlainly(key, value, plain) { return }
        try unsafe set(key, to: value, expiry: expiry(timeToLive))
    }

    @unsafe
    func set(
        _ key: UnsafeRawBufferPointer, to value: UnsafeRawBufferPointer, expiry: UInt64
    ) throws(StoreError) {
        try unsafe check(key, value)
        try unsafe withPlace(of: key) { (writer, hash) throws(StoreError) in
            try writer.removeExpired(hash, now: now)
            if writer.stripe.reference.stripeCapacity != 0, unsafe try !isPresent(key, hash, writer) {
                try writer.evictIfFull(now: now)
            }
            unsafe try writer.put(key, hash, value, expiry: expiry)
        }
    }

    @unsafe
    private func isPresent(_ key: UnsafeRawBufferPointer, _ hash: UInt64, _ writer: StripeWriter) throws(StoreError)
        -> Bool
    {
        guard let bucket = try writer.position(of: hash).bucket else { return false }
        return unsafe writer.find(key, hash, in: bucket) != nil
    }

    @usableFromInline @unsafe
    func remove(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? {
        var old: [UInt8]?
        try unsafe withPlace(of: key) { (writer, hash) throws(StoreError) in
            let position = try writer.position(of: hash)
            guard let bucket = position.bucket, let index = unsafe writer.find(key, hash, in: bucket) else { return }
            if !bucket.slot(index).isExpired(now) { old = try writer.reader.valueBytes(of: bucket.slot(index)) }
            try writer.remove(index, at: position)
        }
        return old
    }

    /// Replaces a value by what `change` makes of it, under the stripe's lock; nil is none.
    @usableFromInline @unsafe
    func update(
        _ key: UnsafeRawBufferPointer, _ change: (inout [UInt8]?) throws -> Void
    ) throws {
        try unsafe withPlace(of: key) { (writer, hash) throws in try unsafe update(key, hash, writer, change) }
    }

    @unsafe
    private func update(
        _ key: UnsafeRawBufferPointer, _ hash: UInt64, _ writer: StripeWriter, _ change: (inout [UInt8]?) throws -> Void
    ) throws {
        try writer.removeExpired(hash, now: now)
        let position = try writer.position(of: hash)
        var index: Int?
        if let bucket = position.bucket { index = unsafe writer.find(key, hash, in: bucket) }
        let slot = index.flatMap { position.bucket?.slot($0) }
        let old = try slot.map { try writer.reader.valueBytes(of: $0) }
        let expiry = expires ? slot?.expiry.relaxed() ?? 0 : 0
        var value = old
        try change(&value)
        if value == old { return }
        guard let value else {
            if let index { try writer.remove(index, at: position) }
            return
        }
        try unsafe value.withUnsafeBytes { (value) throws in
            try unsafe check(key, value)
            if old == nil { try writer.evictIfFull(now: now) }
            unsafe try writer.put(key, hash, value, expiry: expiry)
        }
    }

    /// Removes every entry, stripe by stripe.
    @usableFromInline
    func removeAll() throws(StoreError) {
        guard case .memory = place else { throw attachment.readOnlyError }
        var keys: [[UInt8]] = []
        try forEach { (entry) throws(StoreError) in
            keys.append(entry.key)
            return true
        }
        for key in keys {
            _ = unsafe try key.span.withUnsafeBytes { (bytes) throws(StoreError) in unsafe try remove(bytes) }
        }
    }

    // MARK: Parts

    @unsafe
    func check(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) {
        guard key.count <= EntryType.maximumKeySize else {
            throw StoreError(
                .invalidValue,
                "a key of '\(name)' has \(key.count) bytes: \(EntryType.maximumKeySize) is the most")
        }
        let isFree = type.key.fixedSize == nil || type.value.fixedSize == nil
        guard !isFree || key.count + value.count <= DictionaryShape.largestBlock else {
            throw StoreError(
                .invalidValue,
                "an entry of '\(name)' has \(key.count + value.count) bytes: \(DictionaryShape.largestBlock) is the most"
            )
        }
    }

    func expiry(_ timeToLive: Duration?) throws(StoreError) -> UInt64 {
        guard let timeToLive else { return 0 }
        guard expires else { throw cannotExpire }
        return now &+ UInt64(clamping: timeToLive.nanoseconds / 1_000_000)
    }

    var cannotExpire: StoreError {
        StoreError(.invalidValue, "entries of '\(name)' cannot expire: make the dictionary with expires: true")
    }

    /// Runs `body` under the lock of the key's stripe, with the key's place loaded, and notes that the dictionary changed.
    @unsafe
    private func withPlace<Failure: Error>(
        of key: UnsafeRawBufferPointer, _ body: (StripeWriter, UInt64) throws(Failure) -> Void
    ) throws {
        try attachment.checkWritable()
        guard case .memory(let reference) = place else { throw attachment.readOnlyError }
        let hash = unsafe reference.hash(key)
        // Where the body fails, too: what had expired may be gone before that.
        defer { noteChange(reference) }
        try locked(reference.stripe(of: hash), reference) { writer in
            try load(hash, writer, reference)
            try body(writer, hash)
        }
    }

    @unsafe
    private func withPlace(
        of key: UnsafeRawBufferPointer, _ body: (StripeWriter, UInt64) throws(StoreError) -> Void
    ) throws(StoreError) {
        do {
            try unsafe withPlace(of: key) { (writer: StripeWriter, hash: UInt64) throws in try body(writer, hash) }
        } catch { throw StoreError(wrapping: error) }
    }

    func locked(
        _ stripe: Stripe, _ reference: DictionaryReference, _ body: (StripeWriter) throws -> Void
    ) throws {
        let lock = try acquire(stripe, until: attachment.deadline)
        defer { lock.release() }
        if reference.cell.state == .removed { throw attachment.removedError }
        do { try body(StripeWriter(stripe: stripe, patience: attachment.options.lockTimeout)) } catch {
            try lock.undo()
            throw error
        }
    }

    /// Takes a stripe's lock or throws, saying who holds it.
    @inline(__always) @discardableResult
    func acquire(_ stripe: Stripe, until deadline: @autoclosure () -> Int64) throws(StoreError) -> StripeLock {
        let lock = StripeLock(stripe: stripe)
        if try lock.acquire(until: deadline(), as: attachment.slot) { return lock }
        throw stayedLocked(stripe)
    }

    @inline(never)
    private func stayedLocked(_ stripe: Stripe) -> StoreError {
        let holder = LockHolder(stripe.holder.relaxed(), in: stripe.segment)
        return StoreError(
            .timedOut,
            "a part of the dictionary '\(name)' stayed locked: \(holder) holds it; wait longer, or end that process")
    }

    @inline(__always)
    func noteChange(_ reference: DictionaryReference) {
        crashPoint("dictionary: changed")
        if attachment.writePolicy == Attachment.plain { MemoryBarrier.compilerOnly() } else { MemoryBarrier.full() }
        if !reference.mark.isQuiet { attachment.noteChange(reference.mark, cell: reference.cell.id) }
    }
}
