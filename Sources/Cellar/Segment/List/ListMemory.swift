import CCellar

/// The parts of a list, and reading it without a lock.
///
/// | what changes | in which step | who reads meanwhile |
/// |---|---|---|
/// | elements are appended | the count; they lie behind the end before that | sees them or not |
/// | elements are removed from the end | the count; then the cell's sequence moves on | begins again where it moved on |
/// | all else | an atomic update of the cell, with the count (see `ArrayRecovery`) | the same |
///
/// So who reads the count, then elements before it, and finds the sequence as it was has elements of one moment: a place is only
/// written over after the sequence moved on since it was in use. Who is killed after the count and before the sequence leaves
/// `whole` at 0; the next who has the lock moves it on.
@usableFromInline @safe
struct ListMemory: @unchecked Sendable {
    @usableFromInline let cell: CellReference
    let segment: Segment
    let capacity: Int
    let stride: Int

    init(_ cell: CellReference, _ shape: ListShape, _ segment: Segment) {
        self.cell = cell
        self.segment = segment
        capacity = shape.capacity
        stride = shape.stride
    }

    private var countWord: SharedWord { unsafe SharedWord(cell.payload + CELLAR_LIST_COUNT) }

    /// Where in the content elements lie.
    func bytes(of range: Range<Int>) -> Range<Int> {
        ListShape.head + range.lowerBound * stride..<ListShape.head + range.upperBound * stride
    }

    // MARK: Reading

    /// Runs `body` with the count; nil if what it read is not of one moment.
    func attempt<Result>(_ body: (Int) -> Result) throws(StoreError) -> Result? {
        // Pairs with the release stores in `ArrayRecovery.commitUpdate` and `shrink`.
        let seen = cell.sequence.acquire()
        guard let count = try count(at: seen) else { return nil }
        let result = body(count)
        // What `body` read stays before the next load; pairs with the release fences of who writes over elements.
        SharedFence.acquire()
        return cell.sequence.relaxed() == seen ? result : nil
    }

    /// The count while the sequence is this; nil if it moved on during an update.
    private func count(at sequence: UInt64) throws(StoreError) -> Int? {
        // Pairs with the release stores of the count: who sees it sees the elements.
        var word = countWord.acquire()
        if sequence & 1 == 1 {
            let isStill = unsafe withUnsafeMutableBytes(of: &word) { bytes in
                unsafe ArrayReader(reference: cell, segment: segment).copyOnce(
                    0..<8, to: bytes.baseAddress!, sequence)
            }
            if !isStill { return nil }
        }
        return try checked(word)
    }

    private func checked(_ word: UInt64) throws(StoreError) -> Int {
        guard word <= UInt64(capacity) else {
            throw segment.corrupt("a list is said to have \(word) elements, of \(capacity) at most")
        }
        return Int(word)
    }

    /// Copies elements that are within the capacity, once: in `attempt`, which looks at the sequence afterwards, or under the
    /// lock.
    @unsafe
    func copyOut(_ range: Range<Int>, to target: UnsafeMutableRawPointer) {
        // Pairs with the release stores in `ArrayRecovery.commitUpdate`.
        let seen = cell.sequence.acquire()
        _ = unsafe ArrayReader(reference: cell, segment: segment).copyOnce(bytes(of: range), to: target, seen)
    }

    // MARK: Under the cell's lock

    func count() throws(StoreError) -> Int { try checked(countWord.acquire()) }

    /// Puts elements behind the end, where nobody looks yet. There is room.
    @unsafe
    func place(_ source: UnsafeRawPointer, at index: Int, count: Int) {
        // The sequence's last step stays before the bytes; pairs with the acquire fence in `attempt`.
        SharedFence.release()
        let range = bytes(of: index..<index + count)
        unsafe SharedBytes.copyIn(source, cell.payload + range.lowerBound, count: range.count)
        crashPoint("list: elements behind the end")
    }

    func grow(to count: Int) {
        // Pairs with the acquire load in `count(at:)`.
        countWord.release(UInt64(count))
        crashPoint("list: longer")
    }

    func shrink(to count: Int) {
        countWord.release(UInt64(count))
        crashPoint("list: shorter")
        moveOn()
    }

    /// Has those who are reading begin again.
    func moveOn() {
        // Pairs with the loads in `attempt`.
        cell.sequence.release(cell.sequence.relaxed() &+ 2)
        crashPoint("list: sequence moved on")
    }
}
