import CCellar

extension SegmentCheck {
    /// Every slot leads to a cell of that name, and every live cell is led to.
    mutating func checkDirectory() {
        attempt("directory") { (check) throws(StoreError) in
            let directory = Directory(segment: check.segment)
            let (block, slots) = try directory.allSlots()
            check.claim(block, "the directory")
            var found: [UInt64: Int] = [:]
            var names: [String: UInt64] = [:]
            for slot in slots where slot > Directory.dropped {
                let offset = slot & Directory.offsetMask
                found[offset, default: 0] += 1
                check.attempt("directory") { (check) throws(StoreError) in
                    try check.checkSlot(slot, offset, &names)
                }
            }
            let seed = check.segment.word(CELLAR_HEADER_HASH_SEED).relaxed()
            for (offset, cell) in check.cells where cell.isLive {
                if found[offset] != 1 {
                    check.note(
                        .damaged, "directory", "'\(cell.name)' is in it \(found[offset] ?? 0) times, and not once")
                } else if let bytes = unsafe try CellHeader(segment: check.segment, at: offset).nameBytes(),
                    try directory.find(unsafe NameBytes(bytes, seed: seed)) != offset
                {
                    check.note(.damaged, "directory", "a search for '\(cell.name)' does not lead to it")
                }
            }
            let used = slots.count { $0 != Directory.empty }
            if check.segment.word(CELLAR_HEADER_DIRECTORY_USED).relaxed() < UInt64(used) {
                check.note(.damaged, "directory", "the header counts fewer slots in use than the \(used) there are")
            }
            check.count("directory", found.count, "names")
        }
    }

    private mutating func checkSlot(
        _ slot: UInt64, _ offset: UInt64, _ names: inout [String: UInt64]
    ) throws(StoreError) {
        let cell = try CellHeader(segment: segment, at: offset)
        let name = try cell.name()
        guard let bytes = unsafe try cell.nameBytes() else { return }
        let hash = unsafe NameBytes(bytes, seed: segment.word(CELLAR_HEADER_HASH_SEED).relaxed()).hash
        if hash & ~Directory.offsetMask != slot & ~Directory.offsetMask {
            note(.damaged, "directory", "the slot of '\(name)' is marked for another name")
        }
        guard cell.state != .removed else { return }
        if cells[offset] == nil { note(.damaged, "directory", "'\(name)' is not among the cells") }
        if names.updateValue(offset, forKey: name) != nil {
            note(.damaged, "directory", "two cells have the name '\(name)'")
        }
    }
}
