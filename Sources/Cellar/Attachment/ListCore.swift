import CCellar
import Glibc

/// A list without its Swift type: elements as bytes.
@usableFromInline
struct ListCore: Sendable {
    @usableFromInline let attachment: Attachment
    let reference: StructureReference
    let memory: ListMemory
    let name: String
    let shape: ListShape

    /// After so many attempts to read something of one moment, the lock is taken.
    private static let attempts = 8

    init(_ cell: StructureCell) throws(StoreError) {
        guard let shape = ListShape(parsing: cell.form.text) else {
            throw cell.segment.corrupt("the list '\(cell.name)' cannot be what it is said to be")
        }
        self.shape = shape
        attachment = cell.attachment
        reference = cell.reference
        name = cell.name
        memory = ListMemory(cell.reference.cell, shape, cell.segment)
    }

    var isRemoved: Bool { reference.cell.isRemoved }

    // MARK: Reading

    @usableFromInline
    func count() throws(StoreError) -> Int { try consistent { $0 } }

    /// Copies the element, if there is one at the index.
    @usableFromInline @unsafe
    func copyElement(_ index: Int, to target: UnsafeMutableRawPointer) throws(StoreError) {
        let count = try consistent { (count) -> Int in
            if index >= 0, index < count { unsafe memory.copyOut(index..<index + 1, to: target) }
            return count
        }
        try check(index, count)
    }

    /// Copies the last element; false if there is none.
    @usableFromInline @unsafe
    func copyLast(to target: UnsafeMutableRawPointer) throws(StoreError) -> Bool {
        try consistent { count in
            if count > 0 { unsafe memory.copyOut(count - 1..<count, to: target) }
            return count > 0
        }
    }

    /// All elements' bytes, of one moment.
    @usableFromInline
    func bytes() throws(StoreError) -> [UInt8] {
        try consistent { count in
            unsafe [UInt8](unsafeUninitializedCapacity: count * memory.stride) { buffer, initialized in
                if count > 0 { unsafe memory.copyOut(0..<count, to: UnsafeMutableRawPointer(buffer.baseAddress!)) }
                initialized = count * memory.stride
            }
        }
    }

    /// What `body` makes of the list at one moment. It may run several times. In a read-only process it runs until it comes
    /// through.
    private func consistent<Result>(_ body: (Int) -> Result) throws(StoreError) -> Result {
        try attachment.checkUsable()
        for _ in 0..<Self.attempts { if let result = try memory.attempt(body) { return result } }
        if attachment.writePolicy != Attachment.readOnly {
            return try locked(nil) { (count) throws(StoreError) in body(count) }
        }
        let deadline = attachment.deadline
        while MonotonicClock.now() < deadline { if let result = try memory.attempt(body) { return result } }
        throw StoreError(.timedOut, "the list '\(name)' was changed again and again while it was read: read it again")
    }

    // MARK: Writing

    /// Runs `body` with the count, while nobody else has the list's lock.
    private func locked<Result>(
        _ timeout: Duration?, _ body: (Int) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try attachment.checkWritable()
        try attachment.lock(reference.cell, timeout: timeout)
        defer {
            reference.cell.holder.setRelaxed(0)
            reference.cell.lock.unlock()
        }
        if reference.cell.isRemoved { throw attachment.removedError }
        reference.cell.holder.setRelaxed(LockHolder.briefly(slot: attachment.slot))
        crashPoint("list: holder named")
        if reference.whole.relaxed() != 1 {
            memory.moveOn()
            reference.whole.setRelaxed(1)
            crashPoint("list: whole")
        }
        return try body(try memory.count())
    }

    /// Puts elements behind the last. Steps: 1. their bytes; 2. the count: they are there; 3. marks.
    @usableFromInline @unsafe
    func append(_ elements: UnsafeRawPointer, count added: Int) throws(StoreError) {
        try locked(nil) { (count) throws(StoreError) in
            try checkRoom(count, added)
            if added == 0 { return }
            unsafe memory.place(elements, at: count, count: added)
            memory.grow(to: count + added)
            attachment.noteChange(memory.bytes(of: count..<count + added), of: reference.cell)
            attachment.noteChange(0..<8, of: reference.cell)
        }
    }

    @usableFromInline @unsafe
    func set(_ element: UnsafeRawPointer, at index: Int) throws(StoreError) {
        // No crash point: `ArrayRecovery.commitUpdate` has them.
        try locked(nil) { (count) throws(StoreError) in
            try check(index, count)
            unsafe try replace(memory.bytes(of: index..<index + 1)) { buffer in
                unsafe buffer.baseAddress!.copyMemory(from: element, byteCount: memory.stride)
            }
        }
    }

    @usableFromInline @unsafe
    func insert(_ element: UnsafeRawPointer, at index: Int) throws(StoreError) {
        // No crash point: `ArrayRecovery.commitUpdate` has them.
        try locked(nil) { (count) throws(StoreError) in
            if index != count { try check(index, count) }
            try checkRoom(count, 1)
            unsafe try replace(0..<memory.bytes(of: 0..<count + 1).upperBound) { buffer in
                let place = unsafe buffer.baseAddress! + memory.bytes(of: index..<count).lowerBound
                unsafe memmove(place + memory.stride, place, (count - index) * memory.stride)
                unsafe place.copyMemory(from: element, byteCount: memory.stride)
                unsafe buffer.storeBytes(of: UInt64(count + 1), as: UInt64.self)
            }
        }
    }

    /// Removes the element, and copies it.
    @usableFromInline @unsafe
    func remove(at index: Int, to target: UnsafeMutableRawPointer) throws(StoreError) {
        // No crash point: `ArrayRecovery.commitUpdate` has them.
        try locked(nil) { (count) throws(StoreError) in
            try check(index, count)
            unsafe try replace(0..<memory.bytes(of: 0..<count).upperBound) { buffer in
                let place = unsafe buffer.baseAddress! + memory.bytes(of: index..<count).lowerBound
                unsafe target.copyMemory(from: place, byteCount: memory.stride)
                unsafe memmove(place, place + memory.stride, (count - index - 1) * memory.stride)
                unsafe buffer.storeBytes(of: UInt64(count - 1), as: UInt64.self)
            }
        }
    }

    /// Removes the last element, and copies it; false if there is none. Steps: 1. the count; 2. the sequence; 3. the mark.
    @usableFromInline @unsafe
    func removeLast(to target: UnsafeMutableRawPointer) throws(StoreError) -> Bool {
        try locked(nil) { (count) throws(StoreError) in
            if count == 0 { return false }
            unsafe memory.copyOut(count - 1..<count, to: target)
            memory.shrink(to: count - 1)
            attachment.noteChange(0..<8, of: reference.cell)
            return true
        }
    }

    @usableFromInline
    func removeAll() throws(StoreError) {
        try locked(nil) { (count) throws(StoreError) in
            if count == 0 { return }
            memory.shrink(to: 0)
            attachment.noteChange(0..<8, of: reference.cell)
        }
    }

    private func replace(
        _ range: Range<Int>, _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(StoreError) {
        do { unsafe try attachment.replace(range, of: reference.cell, fill) } catch {
            throw StoreError(wrapping: error)
        }
    }

    // MARK: Errors

    private func check(_ index: Int, _ count: Int) throws(StoreError) {
        guard index >= 0, index < count else {
            throw StoreError(
                .invalidValue,
                "the list '\(name)' has no element \(index): it has \(count)\(count == 0 ? "" : ", 0 to \(count - 1)")")
        }
    }

    private func checkRoom(_ count: Int, _ added: Int) throws(StoreError) {
        guard added <= memory.capacity - count else {
            throw StoreError(
                .limitReached,
                "the list '\(name)' has \(count) elements and room for \(memory.capacity), not for \(added) more: remove some, "
                    + "or make a list with a larger capacity under another name")
        }
    }
}
