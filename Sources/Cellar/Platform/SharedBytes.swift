import CCellar
import Synchronization

/// Copying between private memory and memory that others write at the same time.
///
/// The shared side is read and written in atomic relaxed pieces, as wide as its alignment allows, so that a race is a
/// torn copy (which the caller's sequence check throws away) and never undefined behaviour, and so that an aligned
/// element of up to 8 bytes is never torn at all. Sixteen bytes at once are two such pieces.
@usableFromInline
enum SharedBytes {
    /// From so many bytes on, copying is a call of its own, sixteen bytes at a time: twice as fast as in words.
    @inlinable static var wide: Int { 256 }

    /// Copies `count` bytes out of shared memory.
    @inlinable @inline(__always) @unsafe
    static func copyOut(_ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        let head = unsafe head(source, count)
        if head > 0 { unsafe copyOutPieces(source, target, 0, upTo: head) }
        unsafe copyOutAligned(source + head, target + head, count: count &- head)
    }

    /// The same from a multiple of 8. A constant count becomes straight code.
    @inlinable @inline(__always) @unsafe
    static func copyOutAligned(_ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        if count >= wide { return unsafe copyOutWide(source, target, count: count) }
        var offset = 0
        while offset &+ 8 <= count {
            unsafe target.storeBytes(
                of: SharedWord(source + offset).relaxed(), toByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        if offset < count { unsafe copyOutPieces(source, target, offset, upTo: count) }
    }

    @usableFromInline @inline(never) @unsafe
    static func copyOutWide(_ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        unsafe copyOutChecked(source, target, count: count)
    }

    /// The same in as few instructions as that takes, for who looks afterwards whether anybody wrote meanwhile.
    @inline(__always) @unsafe
    static func copyOutChecked(_ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        unsafe cellar_copy_out(source, target, count)
        if count & 7 != 0 { unsafe copyOutPieces(source, target, count & ~7, upTo: count) }
    }

    /// Copies `count` bytes into shared memory.
    @inlinable @inline(__always) @unsafe
    static func copyIn(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        let head = unsafe head(target, count)
        if head > 0 { unsafe copyInPieces(source, target, 0, upTo: head) }
        unsafe copyInAligned(source + head, target + head, count: count &- head)
    }

    /// The same to a multiple of 8. A constant count becomes straight code.
    @inlinable @inline(__always) @unsafe
    static func copyInAligned(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        if count >= wide { return unsafe copyInWide(source, target, count: count) }
        var offset = 0
        while offset &+ 32 <= count {
            unsafe copyInWord(source, target, offset)
            unsafe copyInWord(source, target, offset &+ 8)
            unsafe copyInWord(source, target, offset &+ 16)
            unsafe copyInWord(source, target, offset &+ 24)
            offset &+= 32
        }
        while offset &+ 8 <= count {
            unsafe copyInWord(source, target, offset)
            offset &+= 8
        }
        if offset < count { unsafe copyInPieces(source, target, offset, upTo: count) }
    }

    @usableFromInline @inline(never) @unsafe
    static func copyInWide(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        // No crash point: see the callers'.
        unsafe cellar_copy_in(source, target, count & ~7)
        if count & 7 != 0 { unsafe copyInPieces(source, target, count & ~7, upTo: count) }
    }

    @inlinable @inline(__always) @unsafe
    static func copyInWord(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ offset: Int) {
        // No crash point: see the callers'.
        unsafe SharedWord(target + offset).setRelaxed(source.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Bytes up to the next multiple of 8.
    @usableFromInline @unsafe
    static func head(_ address: UnsafeMutableRawPointer, _ count: Int) -> Int {
        min(count, Int(~(UInt(bitPattern: address) &- 1) & 7))
    }

    /// The widest piece that the address is aligned for and that still fits.
    @unsafe
    private static func width(_ address: UnsafeMutableRawPointer, _ left: Int) -> Int {
        for width in [4, 2] where left >= width && UInt(bitPattern: address) % UInt(width) == 0 { return width }
        return 1
    }

    @usableFromInline @inline(never) @unsafe
    static func copyOutPieces(
        _ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, _ start: Int, upTo end: Int
    ) {
        var offset = start
        while offset < end {
            let width = unsafe width(source + offset, end - offset)
            var word = unsafe SharedElement(source + offset, stride: width).load().littleEndian
            unsafe withUnsafeBytes(of: &word) { bytes in
                for index in 0..<width {
                    unsafe target.storeBytes(of: bytes[index], toByteOffset: offset + index, as: UInt8.self)
                }
            }
            offset += width
        }
    }

    @usableFromInline @inline(never) @unsafe
    static func copyInPieces(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ start: Int, upTo end: Int
    ) {
        var offset = start
        while offset < end {
            let width = unsafe width(target + offset, end - offset)
            var word: UInt64 = 0
            for index in 0..<width {
                word |= UInt64(unsafe source.load(fromByteOffset: offset + index, as: UInt8.self)) << UInt64(index * 8)
            }
            unsafe SharedElement(target + offset, stride: width).store(word)
            offset += width
        }
    }
}

/// Fences between relaxed accesses.
@usableFromInline
enum SharedFence {
    @inlinable @inline(__always) static func acquire() { atomicMemoryFence(ordering: .acquiring) }
    @inlinable @inline(__always) static func release() { atomicMemoryFence(ordering: .releasing) }
}
