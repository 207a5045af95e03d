/// The mapped bytes of a segment, checked by offset, without a reference that is counted: for paths on which counting would
/// cost more than the work itself. Whoever has one holds the segment for longer.
@safe
struct SegmentMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    /// Bytes known to be backed by memory. A word of this process alone.
    let known: SharedWord

    /// The address at an offset that came out of shared memory, if `count` bytes from it are known to lie in the segment's
    /// variable part and it is aligned (to a power of two); nil otherwise. What is not known yet may be there all the same:
    /// see `Segment.pointer`.
    @inline(__always)
    func pointer(_ offset: UInt64, count: Int, alignment: Int) -> UnsafeMutableRawPointer? {
        let count = UInt64(bitPattern: Int64(count))
        let known = known.relaxed()
        // A negative count is a large one here.
        guard count <= known, offset <= known &- count, offset >= SegmentLayout.fixedSize,
            offset & UInt64(truncatingIfNeeded: alignment &- 1) == 0
        else { return nil }
        return unsafe base + Int(truncatingIfNeeded: offset)
    }
}
