import Synchronization

/// An element of 1, 2, 4 or 8 bytes in shared memory, touched only atomically, as a word whose low bytes are its bytes.
///
/// Where the stride is a constant, as in generic code over a known type, the choice between the widths costs nothing.
@frozen @usableFromInline @safe
struct SharedElement {
    @usableFromInline let address: UnsafeMutableRawPointer
    @usableFromInline let stride: Int

    /// The address must be a multiple of the stride and stay mapped.
    @inlinable @inline(__always) @unsafe
    init(_ address: UnsafeMutableRawPointer, stride: Int) {
        unsafe self.address = unsafe address
        self.stride = stride
    }

    /// Whether elements of the stride can be touched atomically.
    @inlinable @inline(__always)
    static func isAtomic(stride: Int) -> Bool { stride == 1 || stride == 2 || stride == 4 || stride == 8 }

    @inlinable @inline(__always)
    func load() -> UInt64 {
        switch stride {
        case 8: unsafe SharedWord(address).acquire()
        case 4: UInt64(unsafe address.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.load(ordering: .acquiring))
        case 2: UInt64(unsafe address.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.load(ordering: .acquiring))
        default: UInt64(unsafe address.assumingMemoryBound(to: Atomic<UInt8>.self).pointee.load(ordering: .acquiring))
        }
    }

    @inlinable @inline(__always)
    func store(_ word: UInt64) {
        switch stride {
        case 8: unsafe SharedWord(address).release(word)
        case 4:
            unsafe address.assumingMemoryBound(to: Atomic<UInt32>.self).pointee
                .store(UInt32(truncatingIfNeeded: word), ordering: .releasing)
        case 2:
            unsafe address.assumingMemoryBound(to: Atomic<UInt16>.self).pointee
                .store(UInt16(truncatingIfNeeded: word), ordering: .releasing)
        default:
            unsafe address.assumingMemoryBound(to: Atomic<UInt8>.self).pointee
                .store(UInt8(truncatingIfNeeded: word), ordering: .releasing)
        }
    }

    @inlinable @inline(__always)
    func compareExchange(_ expected: UInt64, _ desired: UInt64) -> (exchanged: Bool, original: UInt64) {
        switch stride {
        case 8: return unsafe SharedWord(address).compareExchange(expected, desired)
        case 4:
            let result = unsafe address.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.compareExchange(
                expected: UInt32(truncatingIfNeeded: expected), desired: UInt32(truncatingIfNeeded: desired),
                ordering: .acquiringAndReleasing)
            return (result.exchanged, UInt64(result.original))
        case 2:
            let result = unsafe address.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.compareExchange(
                expected: UInt16(truncatingIfNeeded: expected), desired: UInt16(truncatingIfNeeded: desired),
                ordering: .acquiringAndReleasing)
            return (result.exchanged, UInt64(result.original))
        default:
            let result = unsafe address.assumingMemoryBound(to: Atomic<UInt8>.self).pointee.compareExchange(
                expected: UInt8(truncatingIfNeeded: expected), desired: UInt8(truncatingIfNeeded: desired),
                ordering: .acquiringAndReleasing)
            return (result.exchanged, UInt64(result.original))
        }
    }

    /// Adds, wrapping around in the element's width; returns the old word.
    @inlinable @inline(__always)
    func add(_ operand: UInt64) -> UInt64 {
        switch stride {
        case 8: unsafe SharedWord(address).add(operand)
        case 4:
            UInt64(
                unsafe address.assumingMemoryBound(to: Atomic<UInt32>.self).pointee
                    .wrappingAdd(UInt32(truncatingIfNeeded: operand), ordering: .acquiringAndReleasing).oldValue)
        case 2:
            UInt64(
                unsafe address.assumingMemoryBound(to: Atomic<UInt16>.self).pointee
                    .wrappingAdd(UInt16(truncatingIfNeeded: operand), ordering: .acquiringAndReleasing).oldValue)
        default:
            UInt64(
                unsafe address.assumingMemoryBound(to: Atomic<UInt8>.self).pointee
                    .wrappingAdd(UInt8(truncatingIfNeeded: operand), ordering: .acquiringAndReleasing).oldValue)
        }
    }
}
