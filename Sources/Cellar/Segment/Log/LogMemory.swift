import CCellar

/// A log's bytes: entries that are numbered from 0 on, of which the last are in a ring.
///
/// | `number` of the place of entry n | means |
/// |---|---|
/// | 0 | an entry is being written |
/// | n + 1 | it is entry n, if `first` ≤ n < `next` |
/// | anything else | an older one, or one that was not committed |
///
/// Writers hold the log's lock. An entry is committed by the store of `next`, after all else; who dies before leaves a place
/// that the next writer fills anew. Readers take no lock: they look at the place's number before and after they copy, and an
/// entry whose number changed has been dropped.
@safe
struct LogMemory: @unchecked Sendable {
    let reference: StructureReference
    let segment: Segment
    let shape: LogShape
    private let content: UnsafeMutableRawPointer
    private let index: UnsafeMutableRawPointer
    private let entriesStart: Int
    private let stride: Int

    init(_ reference: StructureReference, _ shape: LogShape, _ segment: Segment) {
        self.reference = reference
        self.segment = segment
        self.shape = shape
        unsafe content = reference.cell.payload
        unsafe index = reference.index
        entriesStart = shape.entries
        stride = shape.stride
    }

    var state: UnsafeMutablePointer<cellar_log_index> { unsafe index.assumingMemoryBound(to: cellar_log_index.self) }
    var bell: SharedFutex { unsafe SharedFutex(index) }
    private var head: UnsafeMutablePointer<cellar_log_content> {
        unsafe content.assumingMemoryBound(to: cellar_log_content.self)
    }
    private var firstWord: SharedWord { unsafe SharedWord(content) }
    private var nextWord: SharedWord { unsafe SharedWord(content + CELLAR_LOG_NEXT) }

    /// The oldest entry that is kept, and the one that is appended next. Acquire: pairs with the release stores of writers.
    var range: (first: UInt64, next: UInt64) {
        let next = nextWord.acquire()
        let first = firstWord.acquire()
        // Of two words that are not read at once, and of damaged ones: what can be.
        let oldest = next > UInt64(shape.capacity) ? next - UInt64(shape.capacity) : 0
        return (min(max(first, oldest), next), next)
    }

    private func place(_ number: UInt64) -> Int { entriesStart + Int(number % UInt64(shape.capacity)) * stride }

    private func entry(_ number: UInt64) -> UnsafeMutablePointer<cellar_log_entry> {
        unsafe (content + place(number)).assumingMemoryBound(to: cellar_log_entry.self)
    }

    private func numberWord(_ number: UInt64) -> SharedWord { unsafe SharedWord(content + place(number)) }

    /// Where an entry's bytes lie in the content.
    func bytes(of number: UInt64) -> Range<Int> { place(number)..<place(number) + stride }

    // MARK: Reading

    /// A copy of an entry; nil if it has been dropped. Takes no lock.
    func read(_ number: UInt64) throws(StoreError) -> (time: UInt64, bytes: [UInt8])? {
        let word = numberWord(number)
        guard word.acquire() == number &+ 1 else { return nil }
        let fields = unsafe entry(number).pointee
        let count = Int(clamping: fields.size)
        guard count <= shape.room else {
            if word.acquire() != number &+ 1 { return nil }
            throw segment.corrupt("an entry of a log is said to have \(fields.size) bytes")
        }
        var copy = [UInt8](repeating: 0, count: count)
        unsafe copy.withUnsafeMutableBytes { target in
            guard let start = target.baseAddress else { return }
            unsafe SharedBytes.copyOut(content + place(number) + LogShape.entryHead, start, count: count)
        }
        // Pairs with the release fence between the writer's first store and the rest: who copied any of what it wrote then
        // sees that number.
        SharedFence.acquire()
        return word.relaxed() == number &+ 1 ? (fields.time, copy) : nil
    }

    /// When an entry was appended; nil if it has been dropped.
    func time(of number: UInt64) -> UInt64? {
        let word = numberWord(number)
        guard word.acquire() == number &+ 1 else { return nil }
        let time = unsafe entry(number).pointee.time
        SharedFence.acquire()
        return word.relaxed() == number &+ 1 ? time : nil
    }

    // MARK: Writing: under the lock

    /// Appends an entry; returns its number. Steps: 1. the oldest goes, if there is no room; 2. the place is marked as being
    /// written; 3. the entry; 4. its number; 5. `next`: it is there.
    @unsafe
    func append(_ bytes: UnsafeRawBufferPointer, at now: UInt64) throws(StoreError) -> UInt64 {
        var (first, next) = range
        if next - first == UInt64(shape.capacity) {
            drop(&first)
        }
        let number = next
        // Release: who sees it sees that the oldest is gone.
        numberWord(number).release(0)
        crashPoint("log append: place marked")
        // Pairs with the acquire fence of a reader of what was there.
        SharedFence.release()
        let fields = unsafe entry(number)
        unsafe fields.pointee.time = number == first ? now : max(now, entry(number - 1).pointee.time)
        unsafe fields.pointee.size = UInt64(bytes.count)
        if let start = bytes.baseAddress {
            unsafe SharedBytes.copyIn(start, content + place(number) + LogShape.entryHead, count: bytes.count)
        }
        crashPoint("log append: filled in")
        numberWord(number).release(number &+ 1)
        crashPoint("log append: numbered")
        unsafe head.pointee.byte_count &+= UInt64(bytes.count)
        // Pairs with the acquire load in `range`.
        nextWord.release(number &+ 1)
        crashPoint("log append: there")
        next = number &+ 1
        retain(&first, next, now)
        return number
    }

    /// Has a log that never had an entry begin with another number than 0. Steps: 1. `first`, which means nothing beyond `next`;
    /// 2. `next`. Who dies in between leaves it to `mend`.
    func begin(at number: UInt64) {
        firstWord.release(number)
        crashPoint("log begin: first")
        nextWord.release(number)
        crashPoint("log begin: next")
    }

    /// Drops what is too old, or too much, but never the newest.
    private func retain(_ first: inout UInt64, _ next: UInt64, _ now: UInt64) {
        while next &- first > 1 {
            let isTooMuch = unsafe shape.bytes > 0 && head.pointee.byte_count > UInt64(shape.bytes)
            let isTooOld = unsafe shape.age > 0 && entry(first).pointee.time &+ UInt64(shape.age) < now
            if !isTooMuch && !isTooOld { return }
            drop(&first)
        }
    }

    private func drop(_ first: inout UInt64) {
        unsafe head.pointee.byte_count &-= min(entry(first).pointee.size, head.pointee.byte_count)
        first &+= 1
        firstWord.release(first)
        crashPoint("log: oldest dropped")
    }

    /// After the death of who held the lock: counts the bytes again, and wakes all who sleep.
    func mend() {
        let (first, next) = range
        firstWord.release(first)
        var count: UInt64 = 0
        for number in first..<next { unsafe count &+= min(entry(number).pointee.size, UInt64(shape.room)) }
        unsafe head.pointee.byte_count = count
        unsafe state.pointee.waiting = 0
        bell.add(1)
        crashPoint("log mend: counted")
        reference.whole.release(1)
        bell.wakeAll()
    }

    // MARK: Groups

    private func group(_ index: Int) -> UnsafeMutableRawPointer {
        unsafe content + LogShape.head + index * LogShape.groupSize
    }

    private var groupCountWord: SharedWord { unsafe SharedWord(content + CELLAR_LOG_GROUP_COUNT) }
    var groupCount: Int { min(Int(clamping: groupCountWord.acquire()), LogShape.mostGroups) }

    func position(_ index: Int) -> SharedWord { unsafe SharedWord(group(index)) }

    func name(_ index: Int) -> [UInt8] {
        let fields = unsafe group(index).assumingMemoryBound(to: cellar_log_group.self).pointee
        let count = min(Int(clamping: fields.name_size), LogShape.longestName)
        return unsafe withUnsafeBytes(of: fields.name) { unsafe [UInt8]($0.prefix(count)) }
    }

    /// Makes a group; nil if there are as many as there can be. Steps: 1. its fields; 2. the count: it is there.
    func addGroup(_ name: [UInt8], at position: UInt64) -> Int? {
        let index = groupCount
        guard index < LogShape.mostGroups else { return nil }
        let fields = unsafe group(index).assumingMemoryBound(to: cellar_log_group.self)
        unsafe fields.pointee.position = position
        unsafe fields.pointee.name_size = UInt64(name.count)
        unsafe withUnsafeMutableBytes(of: &fields.pointee.name) { unsafe $0.copyBytes(from: name) }
        crashPoint("log group: filled in")
        groupCountWord.release(UInt64(index + 1))
        crashPoint("log group: there")
        return index
    }

    /// Where the header and the groups lie in the content.
    var headBytes: Range<Int> { 0..<entriesStart }
}
