import CCellar

/// The words that watchers of tables wait on. Each is a `WatchWord` without `quiet`.
///
/// A table is on disk and has no place in the segment: it uses the word that its identity falls on, and so may others. Who is
/// told of what was another table's change looks in vain.
struct TableWatches {
    let segment: Segment

    /// The word of the table that has this identity for as long as it is there.
    func word(of identity: some Sequence<UInt8>) -> WatchWord {
        // FNV-1a: all processes come to the same.
        let hash = identity.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        return word(Int((hash ^ (hash >> 32)) % UInt64(CELLAR_TABLE_WATCHES)))
    }

    /// Tells whoever watches: a process died, and may have been about to.
    func wakeAfterDeath() {
        for index in 0..<Int(CELLAR_TABLE_WATCHES) { word(index).wakeAfterDeath(nil) }
    }

    private func word(_ index: Int) -> WatchWord { WatchWord(segment.word(CELLAR_HEADER_TABLE_WATCHES + 8 * index)) }
}
