import CCellar

/// Reads a cell's content without a lock and without writing anything.
///
/// Values of up to 8 bytes are one atomic word. Larger ones have two copies and a sequence number:
///
/// | sequence | means |
/// |---|---|
/// | 2k | copy k & 1 is the value; nobody writes |
/// | 2k + 1 | copy k & 1 is the value; a writer, alive or dead, is filling the other |
///
/// A reader copies the current copy and looks again. What it has is whole unless the sequence moved past 2k + 2: only
/// from 2k + 3 on does anybody write into that copy again. So a reader is only sent back when two writes went by.
@usableFromInline @safe
struct CellReader {
    @usableFromInline let reference: CellReference

    @inlinable @inline(__always) init(reference: CellReference) { self.reference = reference }

    /// Copies the value, of more than 8 bytes, to `target`. Lock-free: repeats only when writers finished meanwhile.
    @inlinable @inline(__always) @unsafe
    func copyValue(to target: UnsafeMutableRawPointer, size: Int) {
        let sequence = reference.sequence
        while true {
            // Pairs with the release store that ends `CellWriter.write`: who sees the number sees the copy.
            let seen = sequence.acquire()
            let copy = unsafe reference.payload + Int(truncatingIfNeeded: (seen >> 1) & 1) &* reference.copySize
            unsafe SharedBytes.copyOutAligned(copy, target, count: size)
            // The copying loads stay before the next load; pairs with the release fence in `CellWriter.write`.
            SharedFence.acquire()
            if sequence.relaxed() &- (seen & ~1) <= 2 { return }
        }
    }

    /// The bytes of a value of any size.
    func bytes() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: reference.size) { buffer, count in
            if reference.size <= 8 {
                let word = reference.word.acquire().littleEndian
                for index in 0..<reference.size {
                    unsafe buffer[index] = UInt8(truncatingIfNeeded: word >> UInt64(index * 8))
                }
            } else {
                unsafe copyValue(to: UnsafeMutableRawPointer(buffer.baseAddress!), size: reference.size)
            }
            count = reference.size
        }
    }
}

/// Writes a value of more than 8 bytes. Under the cell's lock.
@usableFromInline @safe
struct CellWriter {
    @usableFromInline let reference: CellReference

    @inlinable @inline(__always) init(reference: CellReference) { self.reference = reference }

    /// Steps: 1. odd sequence: the other copy is being filled; 2. the copy; 3. even sequence: it is the value. Killed
    /// after 1 or 2, the old value stays and the next writer begins again.
    @inlinable @inline(__always) @unsafe
    func write(_ source: UnsafeRawPointer, size: Int) {
        let sequence = reference.sequence
        let current = sequence.relaxed() & ~1
        sequence.setRelaxed(current | 1)
        crashPoint("value: odd sequence")
        // The odd number stays before the bytes; pairs with the acquire fence in `CellReader.copyValue`.
        SharedFence.release()
        let other = unsafe reference.payload + Int(truncatingIfNeeded: ~(current >> 1) & 1) &* reference.copySize
        unsafe SharedBytes.copyInAligned(source, other, count: size)
        crashPoint("value: copied")
        // Pairs with the acquire load in `CellReader.copyValue`.
        sequence.release(current &+ 2)
        crashPoint("value: even sequence")
    }
}
