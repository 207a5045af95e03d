import CCellar

/// The object only ever grows: under the allocation lock as much as is needed, and in a large segment ahead of that, by the
/// grower's thread and without a lock. Where both do so at the same time, the larger size counts.
extension Segment {
    /// Bytes that are added at once, where no more are needed: few, since others may wait for the allocation lock meanwhile.
    private static let step = 1 << 20
    /// From this size on, memory is added ahead.
    private static let large = 16 << 20
    private static let largestAhead = 8 << 20

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
        let comfortable = min(Rounding.up(max(end, current + Self.step), to: 4096), reserve)
        do {
            try object.grow(from: current, to: comfortable)
            crashPoint("grow: memory added")
            publish(comfortable)
        } catch {
            // Not enough for comfort may still be enough for the need.
            let tight = Rounding.up(end, to: 4096)
            try object.grow(from: current, to: tight)
            publish(tight)
        }
    }

    private func publish(_ end: Int) {
        raise(knownSize, to: end)
        // Pairs with the acquire loads of `size` by whoever attaches.
        raise(size, to: end)
        crashPoint("grow: size published")
    }

    /// Makes a size larger, if it is not.
    func raise(_ word: SharedWord, to size: Int) {
        // No crash point: the callers have them.
        var seen = word.relaxed()
        while seen < UInt64(size) {
            let (exchanged, original) = word.compareExchange(seen, UInt64(size))
            if exchanged { return }
            seen = original
        }
    }

    // MARK: Ahead

    /// How much is added ahead to a segment of that size: nothing to one that is small.
    private func ahead(_ size: Int) -> Int {
        size < Self.large ? 0 : min(size / 4, Self.largestAhead) & ~(SharedMemoryObject.largePage - 1)
    }

    /// Memory up to `end` was handed out: has more of it made, if little is left.
    func handedOut(upTo end: Int) {
        let current = Int(clamping: size.relaxed())
        if end > current - ahead(current) { grower.ask(self) }
    }

    /// Adds memory that nobody needs yet, in large pages where the system has them: nobody waits for it. What fails here is
    /// reported to who needs it.
    func growAhead() {
        guard let start = try? object.size() else { return }
        let end = min((start + ahead(start)) & ~(SharedMemoryObject.largePage - 1), reserve)
        var place = start
        while place < end {
            let next = min(place + Self.step, end)
            do throws(StoreError) { try object.grow(from: place, to: next) } catch { return }
            place = next
        }
        guard end > start else { return }
        // No crash point: until `publish`, which has one, there is more memory than anybody knows of.
        unsafe object.useLargePages(from: start, to: end, in: memory.base)
        publish(end)
    }
}
