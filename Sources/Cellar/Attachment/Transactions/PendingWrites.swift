/// What a transaction is to change, in private memory: the record, as it will be written, and what it is about.
@safe
struct PendingWrites: ~Copyable {
    /// What a change is made to.
    enum Target {
        /// A value of up to 8 bytes, which needs no lock.
        case word
        /// Any other value, or an array.
        case cell(CellReference)
        case entry(DictionaryCore, DictionaryReference)
    }

    /// Nothing in it is counted, so that going through many costs nothing.
    struct Write {
        /// Of the cell.
        let address: UInt
        /// An element's index, or the hash of an entry's key.
        let place: UInt64
        /// Of the item, in the record.
        let offset: Int
        /// The write before this one with the same hash in `index`; -1 = none.
        var previous = -1
        let kind: Kind
        /// Which of `cells`, or of `dictionaries`.
        let target: Int
    }

    enum Kind { case word, cell, entry }

    /// A dictionary that entries are changed of.
    struct ChangedDictionary {
        let core: DictionaryCore
        let reference: DictionaryReference
    }

    private(set) var all: [Write] = []
    private(set) var cells: [CellReference] = []
    private(set) var dictionaries: [ChangedDictionary] = []
    private(set) var byteCount = 0
    /// Whether anything but words is changed.
    private(set) var needsLocks = false
    private var memory: UnsafeMutableRawPointer
    private var capacity = 1024
    /// The last write of each hash; only used where there are many.
    private var index: [UInt64: Int] = [:]
    /// From how many writes on they are found by their hash.
    private static let few = 12
    /// Beyond this, memory is given back after a transaction.
    private static let keptCapacity = 1 << 16

    init() { unsafe memory = .allocate(byteCount: capacity, alignment: 16) }

    deinit { unsafe memory.deallocate() }

    var isEmpty: Bool { all.isEmpty }
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: memory, count: byteCount) }

    func item(_ write: Write) -> RedoItem { unsafe RedoItem(at: memory + write.offset) }

    /// A value of up to 8 bytes that is to be changed.
    func word(_ write: Write) -> CellWord {
        unsafe CellWord(address: UnsafeMutableRawPointer(bitPattern: write.address)!)
    }

    // MARK: Finding

    /// The change of a place, if there is one; `matches` tells keys apart that have one hash.
    @inline(__always)
    func find(_ address: UInt, _ place: UInt64, _ matches: (RedoItem) -> Bool = { _ in true }) -> Write? {
        if all.isEmpty { return nil }
        return findSlowly(address, place, matches)
    }

    private func findSlowly(_ address: UInt, _ place: UInt64, _ matches: (RedoItem) -> Bool) -> Write? {
        var position = all.count <= Self.few ? all.count - 1 : index[Self.hash(address, place)] ?? -1
        while position >= 0 {
            let write = all[position]
            if write.address == address, write.place == place {
                let item = item(write)
                if item.kind != .superseded, matches(item) { return write }
            }
            position = all.count <= Self.few ? position - 1 : write.previous
        }
        return nil
    }

    private static func hash(_ address: UInt, _ place: UInt64) -> UInt64 {
        (UInt64(address) &* 0x9E37_79B9_7F4A_7C15) ^ place
    }

    // MARK: Adding

    /// Adds a change, or has it take the place of an earlier one of the same place.
    @unsafe
    mutating func set(
        _ kind: RedoItem.Kind, _ target: Target, cell: (offset: UInt64, uid: UInt64, address: UInt), place: UInt64,
        key: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0),
        value: UnsafeRawBufferPointer,
        expiry: UInt64 = 0
    ) {
        // No crash point: memory of this process alone.
        if let write = find(cell.address, place, { unsafe Self.agree($0.key, key) }) {
            let item = item(write)
            if item.kind == kind, item.valueCount == value.count {
                unsafe item.value.copyMemory(from: value)
                item.setExpiry(expiry)
                return
            }
            item.supersede()
        }
        let size = RedoItem.size(keyCount: key.count, valueCount: value.count)
        if byteCount + size > capacity { grow(toHold: byteCount + size) }
        let start = unsafe memory + byteCount
        unsafe start.initializeMemory(as: UInt64.self, repeating: 0, count: size / 8)
        let item = unsafe RedoItem(at: start)
        item.begin(
            kind, cell: cell.offset, uid: cell.uid, place: place, expiry: expiry, keyCount: key.count,
            valueCount: value.count)
        unsafe UnsafeMutableRawBufferPointer(mutating: item.key).copyMemory(from: key)
        unsafe item.value.copyMemory(from: value)
        add(write(target, cell.address, place))
        byteCount += size
    }

    private mutating func write(_ target: Target, _ address: UInt, _ place: UInt64) -> Write {
        switch target {
        case .word: return Write(address: address, place: place, offset: byteCount, kind: .word, target: -1)
        case .cell(let cell):
            needsLocks = true
            cells.append(cell)
            return Write(address: address, place: place, offset: byteCount, kind: .cell, target: cells.count - 1)
        case .entry(let core, let reference):
            needsLocks = true
            let known = dictionaries.firstIndex { unsafe UInt(bitPattern: $0.reference.cell.address) == address }
            if known == nil { dictionaries.append(ChangedDictionary(core: core, reference: reference)) }
            return Write(
                address: address, place: place, offset: byteCount, kind: .entry,
                target: known ?? dictionaries.count - 1)
        }
    }

    private mutating func add(_ write: Write) {
        if all.count < Self.few {
            all.append(write)
            return
        }
        if all.count == Self.few {
            // From now on there are many.
            let few = all
            all.removeAll(keepingCapacity: true)
            for write in few { addIndexed(write) }
        }
        addIndexed(write)
    }

    private mutating func addIndexed(_ write: Write) {
        let hash = Self.hash(write.address, write.place)
        var write = write
        write.previous = index[hash] ?? -1
        all.append(write)
        index[hash] = all.count - 1
    }

    private static func agree(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        unsafe first.count == second.count && (first.isEmpty || first.elementsEqual(second))
    }

    private mutating func grow(toHold count: Int) {
        // No crash point: memory of this process alone.
        let larger = max(capacity * 2, count)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe new.copyMemory(from: memory, byteCount: byteCount)
        unsafe memory.deallocate()
        (unsafe memory, capacity) = (unsafe new, larger)
    }

    mutating func clear() {
        all.removeAll(keepingCapacity: all.count <= 1024)
        if !index.isEmpty { index.removeAll(keepingCapacity: false) }
        if needsLocks {
            cells.removeAll(keepingCapacity: true)
            dictionaries.removeAll(keepingCapacity: true)
        }
        byteCount = 0
        needsLocks = false
        guard capacity > Self.keptCapacity else { return }
        unsafe memory.deallocate()
        capacity = 1024
        unsafe memory = .allocate(byteCount: capacity, alignment: 16)
    }
}
