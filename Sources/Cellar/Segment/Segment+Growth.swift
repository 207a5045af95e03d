import CCellar

/// The object only ever grows.
extension Segment {
    /// Bytes that are added at once, where no more are needed: few, since others may wait for the allocation lock meanwhile.
    private static let step = 1 << 20

    private var size: SharedWord { word(CELLAR_HEADER_SIZE) }

    /// Backs at least `end` bytes with memory. Under the allocation lock.
    func grow(toContain end: Int) throws(StoreError) {
        // What the header says is no reason to take more memory than a step.
        let current = min(Int(clamping: size.relaxed()), try object.size())
        if end <= current, reaches(end) { return }
        guard end <= reserve else {
            throw StoreError(
                .memoryFull,
                "the segment would need \(end) bytes, more than the address reserve of \(reserve): "
                    + "open the store with a larger addressReserve")
        }
        let multiple = prefersLargePages ? SharedMemoryObject.largePage : 4096
        let comfortable = min(Rounding.up(max(end, current + Self.step), to: multiple), reserve)
        do {
            try object.grow(from: current, to: comfortable)
            crashPoint("grow: memory added")
            // Before anybody uses it, so that nobody waits but who needs memory.
            if prefersLargePages { unsafe object.useLargePages(from: current, to: comfortable, in: memory.base) }
            knownSize.setRelaxed(UInt64(comfortable))
        } catch {
            // Not enough for comfort may still be enough for the need.
            let tight = Rounding.up(end, to: 4096)
            try object.grow(from: current, to: tight)
            knownSize.setRelaxed(UInt64(tight))
        }
        // Pairs with the acquire loads of `size` by whoever attaches.
        size.release(knownSize.relaxed())
        crashPoint("grow: size published")
    }
}
