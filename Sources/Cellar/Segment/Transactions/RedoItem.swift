import CCellar

/// One change of a transaction: what a cell, an element or an entry is to be afterwards.
@safe
struct RedoItem {
    enum Kind: UInt32 {
        /// A later change of the transaction took its place.
        case superseded
        case value, element, entry, removedEntry
    }

    let address: UnsafeMutableRawPointer
    private var fields: UnsafeMutablePointer<cellar_redo> {
        unsafe address.assumingMemoryBound(to: cellar_redo.self)
    }

    static let headSize = MemoryLayout<cellar_redo>.size

    /// Bytes of an item, with its head.
    static func size(keyCount: Int, valueCount: Int) -> Int {
        headSize + Rounding.up(keyCount, to: 8) + Rounding.up(valueCount, to: 8)
    }

    @unsafe
    init(at address: UnsafeMutableRawPointer) { unsafe self.address = unsafe address }

    /// The item at a place of a record in shared memory, if it lies in it as a whole.
    @unsafe
    init?(at address: UnsafeMutableRawPointer, left: Int) {
        guard left >= Self.headSize else { return nil }
        unsafe self.address = unsafe address
        guard kind != nil, keyCount <= EntryType.maximumKeySize, valueCount <= left, size <= left else { return nil }
    }

    var kind: Kind? { Kind(rawValue: unsafe fields.pointee.kind) }
    var cell: UInt64 { unsafe fields.pointee.cell }
    var uid: UInt64 { unsafe fields.pointee.uid }
    var place: UInt64 { unsafe fields.pointee.place }
    var expiry: UInt64 { unsafe fields.pointee.expiry }
    var keyCount: Int { Int(unsafe fields.pointee.key_count) }
    var valueCount: Int { Int(unsafe fields.pointee.value_count) }
    var size: Int { Self.size(keyCount: keyCount, valueCount: valueCount) }

    /// Whether the cell has it. Under the cell's lock, where changes of its kind take that.
    var applied: SharedFutex { unsafe SharedFutex(address + CELLAR_REDO_APPLIED) }

    var key: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: address + Self.headSize, count: keyCount)
    }
    var value: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            start: address + Self.headSize + Rounding.up(keyCount, to: 8), count: valueCount)
    }

    /// A value of up to 8 bytes as the word that stands for it.
    var valueWord: UInt64 {
        unsafe UInt64(littleEndian: value.baseAddress!.loadUnaligned(as: UInt64.self))
    }

    // MARK: In private memory

    /// Fills in the head; key and value are written by the caller, filled up with zeros.
    func begin(_ kind: Kind, cell: UInt64, uid: UInt64, place: UInt64, expiry: UInt64, keyCount: Int, valueCount: Int) {
        // No crash point: memory of this process alone.
        unsafe fields.initialize(
            to: cellar_redo(
                cell: cell, uid: uid, place: place, expiry: expiry, kind: kind.rawValue, applied: 0,
                key_count: UInt32(keyCount), value_count: UInt32(valueCount)))
    }

    func supersede() {
        // No crash point: memory of this process alone.
        unsafe fields.pointee.kind = Kind.superseded.rawValue
    }

    func setExpiry(_ expiry: UInt64) {
        // No crash point: memory of this process alone.
        unsafe fields.pointee.expiry = expiry
    }
}
