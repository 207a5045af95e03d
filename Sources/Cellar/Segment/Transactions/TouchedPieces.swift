import CCellar

/// A piece of a persistent cell that a transaction changed: a value, an element, or an entry.
struct TouchedPiece: Hashable {
    let word: UInt64

    /// `place`: an element's index, or the hash of an entry's key, of which the last bits are kept.
    init(id: Int, place: UInt64) {
        word = 1 << 63 | UInt64(truncatingIfNeeded: id) << Self.placeBits | place & Self.placeMask
    }

    init?(_ word: UInt64) {
        guard word >> 63 == 1 else { return nil }
        self.word = word
    }

    private static let placeBits: UInt64 = 39
    private static let placeMask: UInt64 = 1 << placeBits - 1

    var id: Int { Int(truncatingIfNeeded: word >> Self.placeBits) & (1 << 24 - 1) }
    var place: UInt64 { word & Self.placeMask }
}

/// The pieces that transactions changed and that the disk may have without each other.
///
/// Whoever writes to the database writes all of them, as they are at one moment under the transactions' lock: so the disk
/// never has a part of a transaction. Two sets, by open addressing, of words that are 0 where nothing is:
///
/// | set | has | emptied |
/// |---|---|---|
/// | 0 | what was changed since somebody last drained it | when all of it is in set 1 |
/// | 1 | what is being written, or was by somebody who failed | when it is on disk, unless more came to it since |
///
/// A piece is put in before it is changed. Everything under the transactions' lock but the question whether both are empty.
struct TouchedPieces {
    let area: TransactionArea
    private var segment: Segment { area.segment }

    static let slots = 8192
    /// More would make the search long.
    static let most = slots / 4 * 3
    private static let byteCount = 2 * slots * 8

    /// Whether nothing is in either. Without the lock; what was copied before the call is then of no transaction in part.
    var isEmpty: Bool {
        // The loads of what was copied stay before the next loads; pairs with the release fence in `insert`.
        SharedFence.acquire()
        return area.touchedCount(0).relaxed() == 0 && area.touchedCount(1).relaxed() == 0
    }

    /// Whether so many more can be put into set 0.
    func hasRoom(for count: Int) -> Bool {
        count <= Self.most && area.touchedCount(0).relaxed() <= UInt64(Self.most - count)
    }

    func reserve(as slot: Int, until deadline: @autoclosure () -> Int64) throws(StoreError) {
        if area.touchedCapacity.relaxed() >= UInt64(Self.byteCount) { return }
        let catalog = Catalog(segment: segment)
        try catalog.locked(as: slot, until: deadline()) { () throws(StoreError) in
            try catalog.replaceBlock(
                at: CELLAR_HEADER_TRANSACTIONS + CELLAR_TRANSACTIONS_TOUCHED,
                capacity: CELLAR_HEADER_TRANSACTIONS + CELLAR_TRANSACTIONS_TOUCHED_CAPACITY, size: Self.byteCount)
        }
    }

    /// Puts pieces into a set, one after another, until one finds no room; false then.
    func insert(_ count: Int, into set: Int, _ piece: (Int) -> TouchedPiece?) throws(StoreError) -> Bool {
        // No crash point: see below.
        let words = try words(set)
        for index in 0..<count {
            if let piece = piece(index), try !insert(piece, into: set, words) { return false }
        }
        return true
    }

    /// Counted first: a count that is too high only costs a look.
    private func insert(_ piece: TouchedPiece, into set: Int, _ words: Words) throws(StoreError) -> Bool {
        var index = Int(truncatingIfNeeded: (piece.word &* 0x9E37_79B9_7F4A_7C15) >> 51)
        for _ in 0..<Self.slots {
            let word = words[index]
            let there = word.relaxed()
            if there == piece.word { return true }
            if there == 0 {
                let count = area.touchedCount(set)
                guard count.relaxed() < UInt64(Self.most) else { return false }
                count.setRelaxed(count.relaxed() &+ 1)
                crashPoint("touched: counted")
                word.setRelaxed(piece.word)
                crashPoint("touched: listed")
                return true
            }
            index = (index &+ 1) & (Self.slots &- 1)
        }
        return false
    }

    /// What was put in stays before the changes that follow; pairs with the acquire fence in `isEmpty`.
    func publish() { SharedFence.release() }

    /// Moves set 0 to set 1; returns all that is in it, and a number that tells whether this was done once more.
    func drain() throws(StoreError) -> (pieces: [TouchedPiece], number: UInt64) {
        if area.touchedCount(0).relaxed() == 0, area.touchedCount(1).relaxed() == 0 {
            return ([], area.drained.relaxed())
        }
        area.drained.setRelaxed(area.drained.relaxed() &+ 1)
        crashPoint("touched: numbered")
        let new = try pieces(0)
        let all = Array(Set(try pieces(1)).union(new))
        // Set 1 is full only where writing failed again and again: then set 0 stays, too.
        if try insert(new.count, into: 1, { new[$0] }) { try clear(0) }
        return (all, area.drained.relaxed())
    }

    /// What `drain` returned is on disk. Where somebody drained once more meanwhile, that one says so.
    func settle(_ number: UInt64) throws(StoreError) {
        // No crash point: `clear` has them.
        if area.drained.relaxed() == number { try clear(1) }
    }

    /// All of both sets is on disk.
    func clearAll() throws(StoreError) {
        // No crash point: `clear` has them.
        area.drained.setRelaxed(area.drained.relaxed() &+ 1)
        for set in 0..<2 where area.touchedCount(set).relaxed() != 0 { try clear(set) }
    }

    private func clear(_ set: Int) throws(StoreError) {
        let words = try words(set)
        for index in 0..<Self.slots where words[index].relaxed() != 0 { words[index].setRelaxed(0) }
        crashPoint("touched: emptied")
        area.touchedCount(set).setRelaxed(0)
        crashPoint("touched: none")
    }

    private func pieces(_ set: Int) throws(StoreError) -> [TouchedPiece] {
        if area.touchedCount(set).relaxed() == 0 { return [] }
        let words = try words(set)
        return (0..<Self.slots).compactMap { TouchedPiece(words[$0].relaxed()) }
    }

    private func words(_ set: Int) throws(StoreError) -> Words {
        let start = unsafe try segment.require(
            area.touched.relaxed(), count: Self.byteCount, "the list of what transactions changed")
        return unsafe Words(start: start + set * Self.slots * 8)
    }

    /// One set's words, in bounds.
    @safe
    private struct Words {
        let start: UnsafeMutableRawPointer
        subscript(index: Int) -> SharedWord { unsafe SharedWord(start + index &* 8) }
    }
}
