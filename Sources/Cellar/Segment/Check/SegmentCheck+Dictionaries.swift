import CCellar

extension SegmentCheck {
    /// Looks at a dictionary's stripes, directories, buckets and entries. What somebody is just changing can look wrong; the
    /// versions of buckets tell.
    mutating func checkDictionary(
        _ cell: CellHeader, _ name: String, isLive: Bool, _ page: CellTable.Page, _ slot: Int
    ) throws(StoreError) {
        let reference = try DictionaryReference(cell)
        let type = try DictionaryType(of: cell)
        let bit: UInt64 = 1 << UInt64(slot & 63)
        let isClean = (page.dirty(slot >> 6).ordered() | page.taken(slot >> 6).ordered()) & bit == 0
        cells[cell.offset] = CheckedCell(
            id: cell.id, name: name, uid: cell.uid, kind: .dictionary, count: 1, schema: type.encoded, isLive: isLive,
            isClean: isClean && cell.record.acquire() == 0 && cell.state == .live, isVolatile: cell.isVolatile)
        guard isLive else { return }
        for index in 0..<DictionaryShape.stripeCount {
            let stripe = reference.stripe(index)
            guard stripe.lock.isSound else {
                note(.damaged, "dictionaries", "the lock of part \(index) of '\(name)' is no lock")
                continue
            }
            if stripe.lock.isAbandoned {
                note(.unfinished, "dictionaries", "the holder of the lock of part \(index) of '\(name)' died")
                continue
            }
            if stripe.lock.isHeld || stripe.operation.acquire() != 0 { continue }
            attempt("dictionaries") { (check) throws(StoreError) in
                guard try check.entries(of: stripe, index) || stripe.lock.isHeld else {
                    return check.note(
                        .damaged, "dictionaries", "part \(index) of '\(name)' does not have the entries it is said to")
                }
            }
        }
    }

    /// Whether the stripe's entries are where their hashes lead to, and as many as it counts.
    private func entries(of stripe: Stripe, _ index: Int) throws(StoreError) -> Bool {
        let table = try stripe.table()
        let said = stripe.count.relaxed()
        var found: UInt64 = 0
        var isUnloaded = false
        for place in 0..<table.entryCount {
            let entry = table.entry(place).acquire()
            let depth = StripeTable.depth(ofEntry: entry)
            guard depth <= table.depth else { return false }
            if entry & Stripe.unloaded != 0 {
                isUnloaded = true
                continue
            }
            guard StripeTable.own(place, depth: depth) == place else { continue }
            guard let bucket = try stripe.bucket(at: entry) else { continue }
            let content = try DictionaryReader(reference: stripe.reference).entries(of: bucket)
            guard content.depth == depth else { return false }
            for entry in content.entries {
                guard Int(entry.hash % UInt64(DictionaryShape.stripeCount)) == index,
                    StripeTable.own(table.index(of: entry.hash), depth: depth) == place
                else { return false }
            }
            found += UInt64(content.entries.count)
        }
        return isUnloaded ? found <= said : found == said
    }
}
