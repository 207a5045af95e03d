import CCellar
import Glibc

/// Changes to what cells there are: everything under the allocation lock, each as a list of steps of which one commits.
struct Catalog {
    let segment: Segment

    private var intent: Intent { Intent(segment: segment) }
    private var directory: Directory { Directory(segment: segment) }
    private var table: CellTable { CellTable(segment: segment) }
    private var allocator: Allocator { Allocator(segment: segment) }
    private var limbo: Limbo { Limbo(segment: segment) }
    private var liveCells: SharedWord { segment.word(CELLAR_HEADER_LIVE_CELLS) }
    private var mutex: RobustMutex { unsafe RobustMutex(segment.fixed(CELLAR_HEADER_ALLOCATION)) }

    /// Runs `body` under the allocation lock, after mending what a dead holder left.
    func locked<Result: ~Copyable>(
        as slot: Int, until deadline: Int64, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let mutex = mutex
        let holder = segment.word(CELLAR_HEADER_ALLOCATION_HOLDER)
        switch mutex.lock(until: deadline) {
        case .locked:
            // Who could not mend something left it on record: nobody works on it before somebody can.
            if intent.operation != Intent.Operation.none { try recover(orUnlock: mutex) }
        case .ownerDied:
            try recover(orUnlock: mutex)
            crashPoint("recover: lock made consistent")
            mutex.makeConsistent()
        case .busy:
            throw stayedLocked
        case .unusable(let number):
            throw segment.corrupt("the lock of its catalogue cannot be used (error \(number))")
        }
        defer { mutex.unlock() }
        holder.setRelaxed(LockHolder.word(slot: slot))
        defer { holder.setRelaxed(0) }
        do throws(StoreError) { return try body() } catch {
            // What the failed operation left half done is undone as if its process had died.
            if intent.operation != Intent.Operation.none { try recover() }
            throw error
        }
    }

    /// Mends what is on record, or gives the lock up. It is made consistent even then: the intent keeps what is half done
    /// from being worked on, while an inconsistent mutex would become one that nobody can lock or tell from a held one.
    private func recover(orUnlock mutex: RobustMutex) throws(StoreError) {
        do throws(StoreError) { try recover() } catch {
            mutex.makeConsistent()
            mutex.unlock()
            throw error
        }
    }

    /// That the lock was not to be had, with who has it now. The `errno` tells it from a cell's lock in a checkpoint's failure.
    var stayedLocked: StoreError {
        let holder = LockHolder(segment.word(CELLAR_HEADER_ALLOCATION_HOLDER).relaxed(), in: segment)
        return StoreError(.timedOut, "the store's catalogue stayed locked by \(holder)", errno: ETIMEDOUT)
    }

    /// Finishes or undoes what a dead holder left, if there is something and nobody holds the lock. Does not wait.
    func mendIfAbandoned(as slot: Int) throws(StoreError) {
        guard intent.operation != Intent.Operation.none else { return }
        do throws(StoreError) { try locked(as: slot, until: 0) {} } catch {
            // Its holder lives, and is at it.
            if error.code != .timedOut { throw error }
        }
    }

    // MARK: Create

    /// What a new cell is to be.
    struct Request {
        var kind: CellKind
        var isVolatile: Bool
        var schema: Schema
        var count: Int
        /// The identity of a cell that is on disk already; nil for a new one.
        var uid: UInt64?
        /// `loading` for one whose content is still to be brought in, by whoever locks it first.
        var state: CellState
    }

    /// Makes a cell. The name must be free. Steps: 1. what it stands on (type, directory room, id); 2. the block, named
    /// by the intent; 3. its content; 4. its id; 5. its name: it is there; 6. the count.
    func create(
        _ name: NameBytes, _ request: Request, fill: (CellReference) -> Void
    ) throws(StoreError) -> CellHeader {
        let schema = request.schema
        let schemaOffset = try SchemaTable(segment: segment).intern(schema)
        return try create(
            name, isStored: request.uid != nil,
            form: { (id, uid) in
                CellForm(
                    kind: request.kind, isVolatile: request.isVolatile, schema: schemaOffset, count: request.count,
                    elementSize: schema.size, elementStride: schema.stride, elementAlignment: schema.alignment, id: id,
                    uid: request.uid ?? uid)
            }, state: request.state
        ) { (cell, form, plan) throws(StoreError) in
            if let payload = plan.payload { try layOut(cell, form, plan, payload) }
            fill(try CellReference(cell, size: form.elementSize, alignment: form.elementAlignment))
        }
    }

    /// The steps that all kinds of cells have in common, from 2 on. `isStored`: the disk has it already.
    func create(
        _ name: NameBytes, isStored: Bool, form: (_ id: Int, _ uid: UInt64) -> CellForm, state: CellState = .live,
        layOut: (CellHeader, CellForm, CellForm.Plan) throws(StoreError) -> Void
    ) throws(StoreError) -> CellHeader {
        try directory.reserveOne()
        let uid = isStored ? 0 : segment.word(CELLAR_HEADER_NEXT_UID).add(1)
        let form = form(try table.nextID(), uid)
        let plan = try form.plan(nameLength: unsafe name.bytes.count)
        let block = try allocator.take(plan.total) { intent.begin(.create, block: $0) }
        let cell = try CellHeader(segment: segment, at: block.offset)
        unsafe try cell.initialise(form, name: name.bytes, state: state, size: block.size)
        if form.isVolatile { cell.mark.setRelaxed(DirtyMark.quiet | DirtyMark.volatile) }
        crashPoint("create: header written")
        try layOut(cell, form, plan)
        if !isStored, !form.isVolatile { cell.record.release(1) }
        crashPoint("create: built")
        try table.occupy(form.id, cell: block.offset)
        crashPoint("create: in the table")
        try directory.insert(name, cell: block.offset)
        crashPoint("create: published")
        liveCells.add(1)
        crashPoint("create: counted")
        intent.end()
        return cell
    }

    func layOut(
        _ cell: CellHeader, _ form: CellForm, _ plan: CellForm.Plan, _ payload: Int
    ) throws(StoreError) {
        // No crash point: the block is nobody's yet.
        guard let arrayOffset = plan.array else {
            let alignment = max(16, min(form.elementAlignment, 64))
            cell.word.setRelaxed(UInt64(Rounding.up(Int(cell.offset) + payload, to: alignment)))
            return
        }
        let address = unsafe try segment.require(
            cell.offset + UInt64(arrayOffset), count: MemoryLayout<cellar_array>.size, "the array part of a cell")
        let array = unsafe address.assumingMemoryBound(to: cellar_array.self)
        unsafe array.pointee.payload = UInt64(Rounding.up(Int(cell.offset) + payload, to: 64))
        unsafe array.pointee.payload_size = UInt64(plan.payloadSize)
        unsafe array.pointee.chunk_count = UInt64(plan.chunkCount)
        if form.extraSize > 0 {
            unsafe array.pointee.extra = UInt64(
                Rounding.up(Int(array.pointee.payload) + plan.payloadSize, to: 64))
            unsafe array.pointee.extra_size = UInt64(form.extraSize)
        }
        cell.word.setRelaxed(cell.offset + UInt64(arrayOffset))
        guard form.isVolatile else { return }
        for chunk in 0..<plan.chunkCount {
            let mark = unsafe SharedWord(address + MemoryLayout<cellar_array>.size + chunk * 8)
            mark.setRelaxed(DirtyMark.quiet | DirtyMark.volatile)
        }
    }

    // MARK: Remove

    /// Removes a live cell. Steps: 1. the limbo record; 2. the intent; 3. the state: it is gone; 4. the rest.
    func remove(_ cell: CellHeader) throws(StoreError) {
        let block = Block(offset: cell.offset, size: cell.blockSize)
        let record = try limbo.prepare(block, cellID: cell.id, durable: false)
        intent.advance(to: .remove, cell: cell.offset)
        crashPoint("remove: declared")
        cell.stateWord.release(CellState.removed.rawValue)
        crashPoint("remove: marked removed")
        liveCells.add(UInt64(bitPattern: -1))
        crashPoint("remove: counted")
        try finishRemove(cell, record.offset)
        intent.end()
    }

    private func finishRemove(_ cell: CellHeader, _ record: UInt64) throws(StoreError) {
        limbo.link(try limbo.record(at: record))
        crashPoint("remove: in limbo")
        // After the state: who armed before is woken, who arms later sees the state.
        Watchers(segment: segment).cellIsGone(cell)
        // A volatile cell too keeps its name until the next pass: the name may be that of an older, persistent cell whose
        // removal is not on disk yet, and would be found there.
        _ = table.markDirty(cell.id)
    }

    private func dropName(of cell: CellHeader) throws(StoreError) {
        guard let bytes = unsafe try cell.nameBytes() else { return }
        let name = unsafe NameBytes(bytes, seed: segment.word(CELLAR_HEADER_HASH_SEED).relaxed())
        try directory.drop(name, cell: cell.offset)
    }

    /// The removal of these cells is on disk: their names need not be kept from being found there any longer.
    func settleRemovals(_ cells: [CellHeader]) throws(StoreError) {
        for cell in cells { try dropName(of: cell) }
        crashPoint("settle removals: names dropped")
        try limbo.settle(cells: Set(cells.map(\.offset)))
    }

    // MARK: Rename

    /// Renames a live cell; the new name must be free. Steps: 1. room and an id; 2. the new name's block; 3. a stub
    /// with the old name; 4. the intent: it will be renamed; 5. both under the names that they will have; 6. the cell's
    /// name word: it is renamed; 7. the rest.
    func rename(_ cell: CellHeader, to name: NameBytes) throws(StoreError) {
        try directory.reserveOne()
        let id = try table.nextID()
        let nameWordOffset = unsafe segment.offset(of: unsafe cell.address) + UInt64(CELLAR_CELL_NAME)
        let oldWord = cell.nameWord.relaxed()
        let nameBlock = try allocator.take(unsafe name.bytes.count) {
            intent.begin(.publish, block: $0, other: nameWordOffset)
        }
        let target = unsafe try segment.require(nameBlock.offset, count: name.bytes.count, "a name")
        unsafe memcpy(target, name.bytes.baseAddress!, name.bytes.count)
        crashPoint("rename: name written")
        let stub = try makeStub(for: cell, id: id)
        crashPoint("rename: stub made")
        let newWord = CellHeader.nameWord(offset: nameBlock.offset, length: unsafe name.bytes.count)
        intent.commitRename(cell: cell.offset, name: newWord)
        crashPoint("rename: declared")
        try finishRename(cell, newWord, stub)
        intent.end()
        try retireName(oldWord, of: cell)
        crashPoint("rename: old name retired")
        try retireStub(stub)
    }

    private func makeStub(for cell: CellHeader, id: Int) throws(StoreError) -> CellHeader {
        guard let old = unsafe try cell.nameBytes() else { throw segment.corrupt("a cell has no name") }
        let form = CellForm(
            kind: .droppedName, isVolatile: cell.isVolatile, schema: cell.schema, count: 1, elementSize: 0,
            elementStride: 0, elementAlignment: 1, id: id, uid: cell.uid)
        let size = try form.plan(nameLength: old.count).total
        let block = try allocator.take(size) { intent.advance(to: .prepareRename, second: $0) }
        let stub = try CellHeader(segment: segment, at: block.offset)
        unsafe try stub.initialise(form, name: old, state: .removed, size: block.size)
        return stub
    }

    private func finishRename(_ cell: CellHeader, _ newWord: UInt64, _ stub: CellHeader) throws(StoreError) {
        let seed = segment.word(CELLAR_HEADER_HASH_SEED).relaxed()
        let length = Int(newWord >> 48)
        let bytes = unsafe try segment.require(newWord & ((1 << 48) - 1), count: length, alignment: 1, "a name")
        let name = unsafe NameBytes(UnsafeRawBufferPointer(start: bytes, count: length), seed: seed)
        guard let old = unsafe try stub.nameBytes() else { throw segment.corrupt("a stub has no name") }
        let oldName = unsafe NameBytes(old, seed: seed)
        try directory.add(name, cell: cell.offset)
        crashPoint("rename: new name published")
        try table.occupy(stub.id, cell: stub.offset)
        crashPoint("rename: stub in the table")
        if cell.nameWord.relaxed() != newWord {
            try directory.add(oldName, cell: stub.offset, after: cell.offset)
            crashPoint("rename: stub under the old name")
            // Pairs with the acquire load of a search, which comes to the stub after it.
            cell.nameWord.release(newWord)
            crashPoint("rename: cell renamed")
        }
        try directory.drop(oldName, cell: cell.offset, newName: name)
        crashPoint("rename: old name dropped")
        if !cell.isVolatile { cell.record.add(1) }
        crashPoint("rename: record counted")
        _ = table.markDirty(cell.id)
        _ = table.markDirty(stub.id)
    }

    /// An older name's own block is of no more use. (A crash just before leaves that block unused until the next boot.)
    private func retireName(_ word: UInt64, of cell: CellHeader) throws(StoreError) {
        let offset = word & ((1 << 48) - 1)
        guard unsafe offset != cell.offset + UInt64(MemoryLayout<cellar_cell>.size) else { return }
        try limbo.retire(Block(offset: offset, size: Allocator.blockSize(Int(word >> 48))))
    }

    private func retireStub(_ stub: CellHeader) throws(StoreError) {
        let block = Block(offset: stub.offset, size: stub.blockSize)
        let record = try limbo.prepare(block, cellID: stub.id, durable: false)
        limbo.link(record)
        intent.end()
    }

    // MARK: Recovery

    /// Finishes or undoes what the dead holder was at. Can itself be interrupted and run again.
    func recover() throws(StoreError) {
        let intent = intent
        guard let operation = intent.operation else { throw segment.corrupt("its intent is of no known kind") }
        switch operation {
        case .none: break
        case .publish: try recoverPublish(intent)
        case .create: try recoverCreate(intent)
        case .growDirectory: try recoverGrowth(intent)
        case .remove: try recoverRemove(intent)
        case .prepareRename:
            try allocator.giveBack(intent.second)
            try allocator.giveBack(intent.block)
        case .rename:
            try finishRename(
                CellHeader(segment: segment, at: intent.cell), intent.other,
                CellHeader(segment: segment, at: intent.second.offset))
        case .reclaim where intent.second.offset == 0: break
        case .reclaim:
            try limbo.unlink(intent.second.offset)
            try limbo.finishReclaim(intent.block, intent.second, intent.other)
        }
        try recount()
        crashPoint("recover: recounted")
        intent.end()
    }

    private func recoverPublish(_ intent: Intent) throws(StoreError) {
        let target = intent.other
        let isFixed = unsafe target < UInt64(MemoryLayout<cellar_segment>.size) && target % 8 == 0
        let word = isFixed ? segment.word(Int(target)) : try segment.requireWord(target, "a link")
        if word.relaxed() & ((1 << 48) - 1) != intent.block.offset { try allocator.giveBack(intent.block) }
    }

    private func recoverCreate(_ intent: Intent) throws(StoreError) {
        let block = intent.block
        let seed = segment.word(CELLAR_HEADER_HASH_SEED).relaxed()
        // A block that never left the end of the segment cannot be published.
        if block.offset < segment.word(CELLAR_HEADER_CURSOR).relaxed() {
            let cell = try CellHeader(segment: segment, at: block.offset)
            if let bytes = unsafe try cell.nameBytes(),
                try directory.find(unsafe NameBytes(bytes, seed: seed)) == block.offset
            {
                if !cell.isVolatile { _ = table.markDirty(cell.id) }
                return
            }
            try table.vacate(cell.id, cell: block.offset)
        }
        try allocator.giveBack(block)
    }

    private func recoverGrowth(_ intent: Intent) throws(StoreError) {
        if segment.word(CELLAR_HEADER_DIRECTORY).relaxed() == intent.second.offset {
            limbo.link(try limbo.record(at: intent.block.offset))
        } else {
            try allocator.giveBack(intent.second)
            try allocator.giveBack(intent.block)
        }
    }

    private func recoverRemove(_ intent: Intent) throws(StoreError) {
        let cell = try CellHeader(segment: segment, at: intent.cell)
        if cell.state == .removed {
            try finishRemove(cell, intent.block.offset)
        } else {
            try allocator.giveBack(intent.block)
        }
    }

    private func recount() throws(StoreError) {
        // No crash point: see `recover`, of which this is the last step.
        var count: UInt64 = 0
        try table.forEachCell { cell throws(StoreError) in
            if cell.state != .removed { count += 1 }
        } damaged: { _ throws(StoreError) in
            // Whoever looks for the cell is told.
        }
        liveCells.setRelaxed(count)
        try directory.recount()
        // Ids are looked for from the first on, since the dead may have moved the hint past one that is spare.
        segment.word(CELLAR_HEADER_FREE_IDS).setRelaxed(1)
    }
}
