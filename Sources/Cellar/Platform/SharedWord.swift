import CCellar
import Synchronization

/// A 64-bit word in memory that other processes share, touched only atomically.
///
/// The word must be 8-byte aligned and stay mapped for as long as the value is used: whoever makes one vouches for it.
@frozen @usableFromInline @safe
struct SharedWord: @unchecked Sendable {
    @usableFromInline let address: UnsafeMutablePointer<Atomic<UInt64>>

    @inlinable @inline(__always) @unsafe
    init(_ address: UnsafeMutableRawPointer) {
        unsafe self.address = unsafe address.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The word so many words behind it.
    @inline(__always) @unsafe
    func advanced(by count: Int) -> SharedWord { unsafe SharedWord(UnsafeMutableRawPointer(address) + count &* 8) }

    @inlinable @inline(__always) func relaxed() -> UInt64 { unsafe address.pointee.load(ordering: .relaxed) }
    @inlinable @inline(__always) func acquire() -> UInt64 { unsafe address.pointee.load(ordering: .acquiring) }
    @inlinable @inline(__always) func ordered() -> UInt64 {
        unsafe address.pointee.load(ordering: .sequentiallyConsistent)
    }
    @inlinable @inline(__always) func setRelaxed(_ value: UInt64) {
        unsafe address.pointee.store(value, ordering: .relaxed)
    }
    @inlinable @inline(__always) func release(_ value: UInt64) {
        unsafe address.pointee.store(value, ordering: .releasing)
    }
    @inlinable @inline(__always) func setOrdered(_ value: UInt64) {
        unsafe address.pointee.store(value, ordering: .sequentiallyConsistent)
    }
    @inlinable @inline(__always) func exchange(_ value: UInt64) -> UInt64 {
        unsafe address.pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
    @inlinable @inline(__always)
    func compareExchange(_ expected: UInt64, _ desired: UInt64) -> (exchanged: Bool, original: UInt64) {
        unsafe address.pointee.compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing)
    }
    /// Adds, wrapping; returns the old value.
    @inlinable @inline(__always) @discardableResult func add(_ value: UInt64) -> UInt64 {
        unsafe address.pointee.wrappingAdd(value, ordering: .acquiringAndReleasing).oldValue
    }
    @inlinable @inline(__always) @discardableResult func formOr(_ bits: UInt64) -> UInt64 {
        unsafe address.pointee.bitwiseOr(bits, ordering: .sequentiallyConsistent).oldValue
    }
    @inlinable @inline(__always) @discardableResult func formAnd(_ bits: UInt64) -> UInt64 {
        unsafe address.pointee.bitwiseAnd(bits, ordering: .sequentiallyConsistent).oldValue
    }
    @inlinable @inline(__always) @discardableResult func formXor(_ bits: UInt64) -> UInt64 {
        unsafe address.pointee.bitwiseXor(bits, ordering: .acquiringAndReleasing).oldValue
    }
}

/// A 32-bit shared word that processes can sleep on (a futex).
@frozen @usableFromInline @safe
struct SharedFutex: @unchecked Sendable {
    @usableFromInline let address: UnsafeMutablePointer<Atomic<UInt32>>

    @inlinable @inline(__always) @unsafe
    init(_ address: UnsafeMutableRawPointer) {
        unsafe self.address = unsafe address.assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    @inlinable @inline(__always) func acquire() -> UInt32 { unsafe address.pointee.load(ordering: .acquiring) }
    func ordered() -> UInt32 { unsafe address.pointee.load(ordering: .sequentiallyConsistent) }
    func release(_ value: UInt32) { unsafe address.pointee.store(value, ordering: .releasing) }
    func setOrdered(_ value: UInt32) { unsafe address.pointee.store(value, ordering: .sequentiallyConsistent) }
    func exchange(_ value: UInt32) -> UInt32 {
        unsafe address.pointee.exchange(value, ordering: .sequentiallyConsistent)
    }
    func compareExchange(_ expected: UInt32, _ desired: UInt32) -> Bool {
        unsafe address.pointee.compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing
        ).exchanged
    }
    func add(_ value: UInt32) { unsafe address.pointee.wrappingAdd(value, ordering: .sequentiallyConsistent) }

    /// As the kernel's calls take it.
    private var word: UnsafeMutablePointer<UInt32> {
        unsafe UnsafeMutableRawPointer(address).assumingMemoryBound(to: UInt32.self)
    }

    /// Where it lies, for the kernel.
    var number: UInt64 { UInt64(UInt(bitPattern: unsafe UnsafeMutableRawPointer(address))) }

    /// Sleeps while the word is `expected`, at most `nanoseconds`; may wake early for no reason.
    func wait(while expected: UInt32, atMost nanoseconds: Int64) {
        _ = unsafe cellar_futex_wait(word, expected, max(nanoseconds, 0))
    }

    /// Wakes so many of those who sleep on the word.
    func wake(_ count: Int) {
        unsafe cellar_futex_wake(word, Int32(clamping: count))
    }

    /// Wakes everyone who sleeps on the word.
    func wakeAll() { wake(.max) }

    /// Sleeps as one of these kinds (bits) until a deadline, and else as `wait(while:atMost:)`.
    func wait(while expected: UInt32, until deadline: Int64, as kinds: UInt32) {
        _ = unsafe cellar_futex_wait_among(word, expected, max(deadline, 0), kinds)
    }

    /// Wakes those who sleep as one of these kinds, or as none.
    func wakeAll(of kinds: UInt32) {
        unsafe cellar_futex_wake_among(word, kinds)
    }
}
