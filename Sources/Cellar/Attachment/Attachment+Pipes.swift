extension Attachment {
    /// Claims an end of a pipe for this process: the one that is asked for, or the one that is free.
    ///
    /// Under the cell's lock: 1. what a dead holder of it left; 2. where both ends are gone, the pipe begins anew; 3. the claim.
    func openEnd(_ wanted: Int?, of cell: StructureCell, _ shape: PipeShape) throws(StoreError) -> PipeEndCore {
        try checkWritable()
        guard let keeper else { throw readOnlyError }
        let memory = PipeMemory(cell.reference, shape, cell.segment)
        try lock(cell.reference.cell, timeout: nil)
        defer { cell.reference.cell.lock.unlock() }
        if cell.reference.cell.isRemoved { throw removedError }
        cell.reference.cell.holder.setRelaxed(LockHolder.briefly(slot: slot))
        defer { cell.reference.cell.holder.setRelaxed(0) }
        crashPoint("open end: holder named")
        memory.mend()
        let end: Int
        if let wanted { end = wanted } else { end = try freeEnd(memory, cell.name) }
        try makeFree(end, memory, cell.name)
        let own = PipeMemory.holderWord(slot: slot, attachment: keeper.attachment)
        let deaths = cell.reference.deaths.acquire()
        memory.claim(end, own)
        let core = PipeEndCore(cell, memory, shape, end: end, own: own, deaths: deaths)
        openPipes.add(core)
        return core
    }

    /// One that nobody had since the pipe began anew; or else the first that was given up.
    private func freeEnd(_ memory: PipeMemory, _ name: String) throws(StoreError) -> Int {
        for end in 0..<2 where memory.holder(end).acquire() == 0 { return end }
        if !memory.isHeld(0), !memory.isHeld(1) { return 0 }
        throw StoreError(
            .inUse,
            "the pipe '\(name)' has no free end: \(holders(memory)); one that was given up is free again when the other is "
                + "given up too")
    }

    /// Throws `.inUse` unless the end can be claimed.
    private func makeFree(_ end: Int, _ memory: PipeMemory, _ name: String) throws(StoreError) {
        if memory.holder(end).acquire() == 0 { return }
        guard !memory.isHeld(end) else {
            throw StoreError(
                .inUse,
                "the \(PipeMemory.names[end]) end of the pipe '\(name)' is taken: \(holders(memory)); take the other")
        }
        guard !memory.isHeld(1 - end) else {
            throw StoreError(
                .inUse,
                "the \(PipeMemory.names[end]) end of the pipe '\(name)' was given up, and the other was not yet: "
                    + "\(holders(memory)); close that one first")
        }
        memory.beginAnew()
    }

    /// Who has the ends, for messages.
    private func holders(_ memory: PipeMemory) -> String {
        (0..<2).map { end in
            let word = memory.holder(end).acquire()
            guard memory.isHolder(word),
                let info = ProcessTable(segment: memory.segment).info(PipeMemory.place(word).slot)
            else { return "nobody has the \(PipeMemory.names[end])" }
            return "process '\(info.name)' (pid \(info.processID)) has the \(PipeMemory.names[end])"
        }.joined(separator: ", ")
    }
}

extension PipeMemory {
    static let names = ["first", "second"]
}
