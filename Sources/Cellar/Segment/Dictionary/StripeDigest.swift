extension Stripe {
    /// A number that is another after entries have changed: a hash over all buckets' states and slots. (A small value is replaced
    /// in its place, and the state stays as it is.) Takes no lock; where the table is outgrown meanwhile, it is another number
    /// at the next look. O(entries).
    var digest: UInt64 {
        get throws(StoreError) {
            let table = try table()
            var digest = table.word
            for index in 0..<table.entryCount {
                let entry = table.entry(index).acquire()
                // A bucket counts where it stands first.
                guard StripeTable.own(index, depth: StripeTable.depth(ofEntry: entry)) == index else { continue }
                Self.mix(&digest, entry)
                if entry & Self.offsetMask == 0 { continue }
                Bucket(entry: entry, shape, in: segment)?.mix(into: &digest)
            }
            return digest
        }
    }

    /// FNV-1a over words, turned so that high bits come down.
    fileprivate static func mix(_ digest: inout UInt64, _ word: UInt64) {
        digest = (digest ^ word) &* 0x0000_0100_0000_01B3
        digest ^= digest >> 29
    }
}

extension Bucket {
    /// Without how often entries were used, which is no change.
    fileprivate func mix(into digest: inout UInt64) {
        Stripe.mix(&digest, state.acquire())
        for offset in stride(from: 64, to: size & ~7, by: 8) {
            Stripe.mix(&digest, unsafe SharedWord(address + offset).relaxed())
        }
    }
}
