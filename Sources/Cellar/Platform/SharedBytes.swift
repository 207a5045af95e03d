import Synchronization

/// Copying between private memory and memory that others write at the same time.
///
/// The shared side is read and written in atomic relaxed pieces, so that a race is a torn copy (which the caller's
/// sequence check throws away) and never undefined behaviour. Shared addresses must be 8-byte aligned.
@usableFromInline
enum SharedBytes {
    /// Copies `count` bytes out of shared memory.
    @inlinable @inline(__always) @unsafe
    static func copyOut(_ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        var offset = 0
        while offset &+ 8 <= count {
            unsafe target.storeBytes(
                of: SharedWord(source + offset).relaxed(), toByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        while offset < count {
            let byte = unsafe (source + offset).assumingMemoryBound(to: Atomic<UInt8>.self)
            unsafe target.storeBytes(of: byte.pointee.load(ordering: .relaxed), toByteOffset: offset, as: UInt8.self)
            offset &+= 1
        }
    }

    /// Copies `count` bytes into shared memory.
    @inlinable @inline(__always) @unsafe
    static func copyIn(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int) {
        var offset = 0
        while offset &+ 8 <= count {
            unsafe SharedWord(target + offset).setRelaxed(
                source.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset &+= 8
        }
        while offset < count {
            let byte = unsafe (target + offset).assumingMemoryBound(to: Atomic<UInt8>.self)
            unsafe byte.pointee.store(source.load(fromByteOffset: offset, as: UInt8.self), ordering: .relaxed)
            offset &+= 1
        }
    }
}

/// Fences between relaxed accesses.
@usableFromInline
enum SharedFence {
    @inlinable @inline(__always) static func acquire() { atomicMemoryFence(ordering: .acquiring) }
    @inlinable @inline(__always) static func release() { atomicMemoryFence(ordering: .releasing) }
}
