import CCellar

extension Attachment {
    // MARK: Remove and rename

    func remove(_ name: String) throws(StoreError) {
        try changeCatalog(name) { (cell, catalog, _) throws(StoreError) in try catalog.remove(cell) }
    }

    func rename(_ name: String, to newName: String) throws(StoreError) {
        try CellName.check(newName)
        try changeCatalog(name) { (cell, catalog, segment) throws(StoreError) in
            try withName(newName, segment) { (bytes) throws(StoreError) in
                guard try isFree(newName, bytes, segment) else {
                    throw StoreError(
                        .cellExists, "cannot rename '\(name)': there is a cell '\(newName)' already; remove it first")
                }
                try catalog.rename(cell, to: bytes)
            }
        }
    }

    private func changeCatalog(
        _ name: String, _ change: (CellHeader, Catalog, Segment) throws(StoreError) -> Void
    ) throws(StoreError) {
        try checkWritable()
        guard let segment else { throw readOnlyError }
        // Brings the cell into memory if only the disk has it: memory is where changes are made.
        try bringIn(name)
        let catalog = Catalog(segment: segment)
        try catalog.locked(as: slot, until: deadline) { () throws(StoreError) in
            let offset = try offset(of: name, in: segment)
            guard let offset, case let cell = try CellHeader(segment: segment, at: offset), cell.state == .live else {
                throw Self.noSuchCell(name, in: directory.path)
            }
            try change(cell, catalog, segment)
            try Limbo(segment: segment).reclaimIfWorthwhile { readersLock?.isHeldElsewhere(upTo: $0) ?? false }
        }
        CheckpointGate(segment: segment).wakeIfIdle()
    }

    /// Whether no cell has the name. Under the allocation lock.
    private func isFree(_ name: String, _ bytes: NameBytes, _ segment: Segment) throws(StoreError) -> Bool {
        if let offset = try Directory(segment: segment).find(bytes) {
            return try CellHeader(segment: segment, at: offset).state == .removed
        }
        return try record(name) == nil
    }

    // MARK: Listing

    /// What a name stands for, without bringing it into memory; nil if there is no such cell.
    func info(of name: String) throws(StoreError) -> CellInfo? {
        try checkUsable()
        if let segment {
            let offset = try offset(of: name, in: segment)
            if let offset {
                let cell = try CellHeader(segment: segment, at: offset)
                return cell.state == .removed ? nil : try info(cell)
            }
        }
        return try record(name).map { (record) throws(StoreError) in try info(record, name: name) }
    }

    func cells() throws(StoreError) -> [CellInfo] {
        let listing = try listing()
        if let error = listing.damaged.first { throw error }
        return listing.entries.map(listing.info)
    }

    /// Whether memory decides over the name, be the cell live or gone.
    func isInMemory(_ name: String) throws(StoreError) -> Bool {
        guard let segment else { return false }
        return try offset(of: name, in: segment) != nil
    }
}
