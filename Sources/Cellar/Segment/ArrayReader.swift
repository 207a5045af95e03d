import CCellar

/// Reads an array's bytes without a lock and without writing anything. See `ArrayRecovery` for what the sequence means.
@usableFromInline @safe
struct ArrayReader {
    let reference: CellReference
    let segment: Segment?

    /// Copies an array's bytes, of one moment with regard to committed updates.
    @usableFromInline @unsafe
    func copyOut(_ bytes: Range<Int>, to target: UnsafeMutableRawPointer) {
        while true {
            // Pairs with the release stores in `ArrayRecovery.commitUpdate`.
            let seen = reference.sequence.acquire()
            if seen & 1 == 1 {
                if unsafe copyOutDuringUpdate(bytes, to: target, seen) { return }
                continue
            }
            unsafe SharedBytes.copyOut(reference.payload + bytes.lowerBound, target, count: bytes.count)
            SharedFence.acquire()
            if reference.sequence.relaxed() == seen { return }
        }
    }

    /// Copies the bytes once, as they are while the sequence is `seen`; false if it moved on. For those who look at the
    /// sequence themselves afterwards.
    @unsafe
    func copyOnce(_ bytes: Range<Int>, to target: UnsafeMutableRawPointer, _ seen: UInt64) -> Bool {
        if seen & 1 == 1 { return unsafe copyOutDuringUpdate(bytes, to: target, seen) }
        unsafe SharedBytes.copyOut(reference.payload + bytes.lowerBound, target, count: bytes.count)
        SharedFence.acquire()
        return reference.sequence.relaxed() == seen
    }

    /// The bytes of a range that a reader should see while an update is committed but not applied; false if the
    /// sequence moved on. A buffer that is not in the segment, which is damage, is as in recovery: nothing to apply.
    @unsafe
    private func copyOutDuringUpdate(_ bytes: Range<Int>, to target: UnsafeMutableRawPointer, _ seen: UInt64) -> Bool {
        let recovery = ArrayRecovery(reference: reference, segment: segment)
        let replaced = recovery.updateBytes
        unsafe SharedBytes.copyOut(reference.payload + bytes.lowerBound, target, count: bytes.count)
        let common = replaced.clamped(to: bytes)
        if !common.isEmpty, let buffer = unsafe recovery.buffer(holding: replaced.count) {
            unsafe SharedBytes.copyOut(
                buffer + (common.lowerBound - replaced.lowerBound), target + (common.lowerBound - bytes.lowerBound),
                count: common.count)
        }
        SharedFence.acquire()
        return reference.sequence.relaxed() == seen
    }

    /// The bytes of one element.
    func element(_ index: Int) -> [UInt8] {
        let start = index * reference.stride
        return unsafe [UInt8](unsafeUninitializedCapacity: reference.size) { buffer, count in
            unsafe copyOut(start..<start + reference.size, to: UnsafeMutableRawPointer(buffer.baseAddress!))
            count = reference.size
        }
    }
}
