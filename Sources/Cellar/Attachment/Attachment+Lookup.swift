import CCellar
import Glibc

/// A cell that was found: where it lies, and the private copy if it lies in one.
@usableFromInline
struct FoundCell {
    @usableFromInline var reference: CellReference
    @usableFromInline var image: CellImage?
    var info: CellInfo?
}

extension Attachment {
    static func noSuchCell(_ name: String, in path: String) -> StoreError {
        StoreError(.noSuchCell, "there is no cell '\(name)' in the store '\(path)': 'cellar ls' lists what there is")
    }

    @usableFromInline
    var readOnlyError: StoreError {
        StoreError(.readOnly, "the store '\(directory.path)' was opened read-only")
    }

    @usableFromInline
    var removedError: StoreError {
        StoreError(.removed, "the cell was removed: ask the store for it again, or make a new one")
    }

    /// For who asks for a value or an array, of whatever type.
    static func isNoCell(_ info: CellInfo) -> StoreError {
        StoreError(
            .mismatch,
            "'\(info.name)' is a \(info.kind.rawValue), and neither a value nor an array: ask for it as what it is")
    }

    // MARK: Finding

    /// The cell if it is in memory, live, and what was asked for. The hot path: no lock, no allocation.
    @usableFromInline
    func findInMemory(_ name: String, _ wish: CellWish) throws(StoreError) -> CellReference? {
        guard let uncountedSegment = unsafe uncountedSegment else { return nil }
        let result: Result<CellReference?, StoreError> = unsafe uncountedSegment._withUnsafeGuaranteedRef { segment in
            do throws(StoreError) {
                guard let cell = try liveCell(name, segment) else { return .success(nil) }
                return .success(try match(cell, wish, segment))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The cell, or `.noSuchCell`.
    @usableFromInline
    func find(_ name: String, _ wish: CellWish?) throws(StoreError) -> FoundCell {
        if let segment, let cell = try liveCell(name, segment) { return try found(cell, wish, segment) }
        try checkUsable()
        if writePolicy == Self.readOnly { return try findImage(name, wish) }
        return try bringIn(name, wish, creates: false) { _ in }
    }

    /// The cell, made if there is none.
    @usableFromInline
    func findOrCreate(
        _ name: String, _ wish: CellWish, fill: (CellReference) -> Void
    ) throws(StoreError) -> FoundCell {
        try checkUsable()
        if writePolicy == Self.readOnly { return try findImage(name, wish) }
        try CellName.check(name)
        return try bringIn(name, wish, creates: true, fill: fill)
    }

    @inline(__always)
    func liveCell(_ name: String, _ segment: Segment) throws(StoreError) -> CellHeader? {
        let offset = try offset(of: name, in: segment)
        guard let offset else { return nil }
        let cell = try CellHeader(segment: segment, at: offset)
        return cell.state == .live ? cell : nil
    }

    private func found(_ cell: CellHeader, _ wish: CellWish?, _ segment: Segment) throws(StoreError) -> FoundCell {
        if let wish { return FoundCell(reference: try match(cell, wish, segment)) }
        let info = try info(cell)
        if cell.kind == .dictionary || cell.kind == .structure { throw Self.isNoCell(info) }
        return FoundCell(
            reference: try CellReference(cell, size: info.schema.size, alignment: info.schema.alignment), info: info)
    }

    /// Throws `.mismatch` unless the cell is what was asked for.
    @inline(__always)
    private func match(_ cell: CellHeader, _ wish: CellWish, _ segment: Segment) throws(StoreError) -> CellReference {
        let type = try SchemaTable(segment: segment).record(at: cell.schema)
        let isSame =
            type.fingerprint == wish.type.fingerprint && type.size == wish.type.size
            && cell.kind == (wish.kind == .array ? .array : .value)
            && (wish.kind == .value || wish.count == nil || cell.count == UInt64(wish.count!))
            && (wish.persistence == nil || cell.isVolatile == (wish.persistence == .volatile))
        if !isSame { try wish.check(info(cell)) }
        // The type is the caller's own from here on, so sizes are too.
        return try CellReference(cell, size: wish.type.size, alignment: wish.type.alignment)
    }

    /// What a live cell is.
    func info(_ cell: CellHeader) throws(StoreError) -> CellInfo {
        guard let kind = cell.kind, kind != .droppedName else {
            throw cell.segment.corrupt("the cell at \(cell.offset) is of no known kind")
        }
        if kind == .dictionary {
            let type = try DictionaryType(of: cell)
            return CellInfo(
                name: try cell.name(), type, persistence: cell.isVolatile ? .volatile : .persistent, isInMemory: true)
        }
        if kind == .structure {
            return CellInfo(
                name: try cell.name(), try StructureReference(cell).form,
                persistence: cell.isVolatile ? .volatile : .persistent, isInMemory: true)
        }
        return CellInfo(
            name: try cell.name(), kind: kind == .array ? .array : .value,
            schema: try SchemaTable(segment: cell.segment).schema(at: cell.schema), count: Int(clamping: cell.count),
            persistence: cell.isVolatile ? .volatile : .persistent, isInMemory: true)
    }

    /// Where the cell with the name lies, in whatever state it is.
    @inline(__always)
    func offset(of name: String, in segment: Segment) throws(StoreError) -> UInt64? {
        try withName(name, segment) { (bytes) throws(StoreError) in try segment.findCell(bytes) }
    }

    @inline(__always)
    func withName<Result>(
        _ name: String, _ segment: Segment, _ body: (NameBytes) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let seed = segment.word(CELLAR_HEADER_HASH_SEED).relaxed()
        return unsafe try name.utf8.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
            try body(unsafe NameBytes(bytes, seed: seed))
        }
    }

    // MARK: From disk

    /// What the disk has of a name, if anything.
    func record(_ name: String) throws(StoreError) -> CellRecord? {
        guard !name.isEmpty, name.utf8.count <= SegmentLayout.maximumNameLength else { return nil }
        return try catalogue.database.read { (transaction) throws(StoreError) in
            try catalogue.cell(named: name, in: transaction)
        }
    }

    func info(_ record: CellRecord, name: String) throws(StoreError) -> CellInfo {
        if record.kind == .dictionary {
            return CellInfo(
                name: name, try dictionaryType(record, name), persistence: .persistent, isInMemory: false)
        }
        if record.kind == .structure {
            return CellInfo(name: name, try form(record, name), persistence: .persistent, isInMemory: false)
        }
        let schema: Schema
        do throws(StoreError) { schema = try Schema(parsing: record.schemaText) } catch {
            throw StoreError(
                .corruptDatabase, "the type of the cell '\(name)' on disk cannot be read: \(error.message)")
        }
        guard record.count <= UInt64(Int.max) else {
            throw StoreError(.corruptDatabase, "the cell '\(name)' on disk is said to have \(record.count) elements")
        }
        return CellInfo(
            name: name, kind: record.kind == .array ? .array : .value, schema: schema, count: Int(record.count),
            persistence: .persistent, isInMemory: false)
    }

    /// For a process that only looks: a private copy of what the disk has.
    private func findImage(_ name: String, _ wish: CellWish?) throws(StoreError) -> FoundCell {
        // A name that is removed or renamed in memory may still be on disk.
        if let segment, try isGone(name, segment) { throw Self.noSuchCell(name, in: directory.path) }
        guard let record = try record(name) else { throw Self.noSuchCell(name, in: directory.path) }
        let info = try info(record, name: name)
        try wish?.check(info)
        if record.kind == .dictionary || record.kind == .structure { throw Self.isNoCell(info) }
        let image = unsafe try CellImage(
            kind: record.kind, schema: info.schema, count: info.count
        ) { (chunk, target) throws(StoreError) in
            try unsafe readChunk(record.uid, chunk, into: target)
        }
        return FoundCell(reference: image.reference, image: image, info: info)
    }

    private func isGone(_ name: String, _ segment: Segment) throws(StoreError) -> Bool {
        let offset = try offset(of: name, in: segment)
        guard let offset else { return false }
        return try CellHeader(segment: segment, at: offset).state == .removed
    }

    private func readChunk(
        _ uid: UInt64, _ chunk: UInt32, into target: UnsafeMutableRawBufferPointer
    ) throws(StoreError) {
        try catalogue.database.read { (transaction) throws(StoreError) in
            _ = try unsafe catalogue.readChunk(ChunkKey(uid: uid, chunk: chunk), in: transaction, into: target)
        }
    }

    // MARK: Bringing in and creating

    /// Under the allocation lock: what is in memory by now, else what the disk has, else a new cell if `creates`.
    private func bringIn(
        _ name: String, _ wish: CellWish?, creates: Bool, fill: (CellReference) -> Void
    ) throws(StoreError) -> FoundCell {
        guard let segment else { throw Self.noSuchCell(name, in: directory.path) }
        let cell = try bringIn(name, creates: creates) { (bytes, catalog) throws(StoreError) in
            try present(name, bytes, wish, creates, catalog, fill)
        }
        return try found(cell, wish, segment)
    }

    /// Brings a cell of any kind into memory, under the allocation lock, by what `present` finds or makes.
    func bringIn(
        _ name: String, creates: Bool, _ present: (NameBytes, Catalog) throws(StoreError) -> CellHeader?
    ) throws(StoreError) -> CellHeader {
        guard let segment else { throw Self.noSuchCell(name, in: directory.path) }
        let catalog = Catalog(segment: segment)
        let cell = try catalog.locked(as: slot, until: deadline) { () throws(StoreError) in
            try withName(name, segment) { (bytes) throws(StoreError) in try present(bytes, catalog) }
        }
        guard let cell else { throw Self.noSuchCell(name, in: directory.path) }
        if cell.state == .loading { try finishLoading(cell, segment) }
        if creates, cell.record.acquire() != 0 { announce(cell, segment) }
        return cell
    }

    /// Sees to it that the cell is in memory, of whatever kind.
    func bringIn(_ name: String) throws(StoreError) {
        if let segment, try liveCell(name, segment) != nil { return }
        try checkUsable()
        _ = try bringIn(name, creates: false) { (bytes, catalog) throws(StoreError) in
            try present(name, bytes, nil, false, catalog) { _ in }
        }
    }

    private func present(
        _ name: String, _ bytes: NameBytes, _ wish: CellWish?, _ creates: Bool, _ catalog: Catalog,
        _ fill: (CellReference) -> Void
    ) throws(StoreError) -> CellHeader? {
        if let offset = try Directory(segment: catalog.segment).find(bytes) {
            let cell = try CellHeader(segment: catalog.segment, at: offset)
            if cell.state != .removed { return cell }
        } else if let record = try record(name) {
            let info = try info(record, name: name)
            try wish?.check(info)
            if record.kind == .dictionary { return try bringIn(bytes, record, name, catalog) }
            if record.kind == .structure { return try bringInStructure(bytes, record, name, catalog) }
            return try catalog.create(
                bytes,
                Catalog.Request(
                    kind: record.kind == .array ? .array : .value, isVolatile: false, schema: info.schema,
                    count: info.count, uid: record.uid, state: .loading)
            ) { _ in }
        }
        guard creates, let wish, let count = wish.count else { return nil }
        return try catalog.create(
            bytes,
            Catalog.Request(
                kind: wish.kind == .array ? .array : .value, isVolatile: wish.persistence == .volatile,
                schema: wish.schema, count: count, uid: nil, state: .live),
            fill: fill)
    }

    /// A new cell's record is to be written, and a value's content.
    private func announce(_ cell: CellHeader, _ segment: Segment) {
        if cell.kind?.isChunked != true { noteChange(DirtyMark(cell.mark), cell: cell.id) }
        crashPoint("announce: value noted")
        if CellTable(segment: segment).markDirty(cell.id) { CheckpointGate(segment: segment).wakeIfIdle() }
    }

    /// Copies the content of a cell from disk, under the cell's lock: of several who want it one does, and if that one
    /// dies the next begins again.
    private func finishLoading(_ cell: CellHeader, _ segment: Segment) throws(StoreError) {
        let reference = try CellReference(ofTypeOf: cell)
        try lockSlowly(reference, timeout: nil)
        defer { cell.lock.unlock() }
        guard cell.state == .loading else { return }
        try loadContent(cell, reference)
        crashPoint("load: content in place")
        // Pairs with the acquire load of the state in `findInMemory`: who sees the cell live sees its content.
        cell.stateWord.release(CellState.live.rawValue)
        crashPoint("load: live")
    }

    private func loadContent(_ cell: CellHeader, _ reference: CellReference) throws(StoreError) {
        let isChunked = cell.kind?.isChunked == true
        let total = isChunked ? reference.count * reference.stride : reference.size
        let step = isChunked ? SegmentLayout.chunkSize : total
        try catalogue.database.read { (transaction) throws(StoreError) in
            var offset = 0
            while offset < total {
                let key = ChunkKey(uid: cell.uid, chunk: UInt32(offset >> SegmentLayout.chunkShift))
                let target = unsafe UnsafeMutableRawBufferPointer(
                    start: reference.payload + offset, count: min(step, total - offset))
                _ = try unsafe catalogue.readChunk(
                    isChunked ? key : ChunkKey(uid: cell.uid, chunk: 0), in: transaction, into: target)
                offset += step
            }
        }
    }
}

extension CellReference {
    /// Fills in a value that nobody else can see yet.
    @usableFromInline @unsafe
    func setInitial(_ bytes: UnsafeRawBufferPointer) {
        // No crash point: the block is nobody's yet.
        unsafe payload.copyMemory(from: bytes.baseAddress!, byteCount: min(bytes.count, size))
    }
}
