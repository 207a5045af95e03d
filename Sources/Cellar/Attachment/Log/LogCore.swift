import CCellar

/// A log as one process has it.
final class LogCore: Sendable {
    let cell: StructureCell
    let shape: LogShape
    let memory: LogMemory
    private let access: StructureAccess
    private let spin = SpinBudget()
    /// Nobody sleeps for longer without looking.
    private static let slice: Int64 = 250_000_000

    init(_ cell: StructureCell, _ shape: LogShape) {
        self.cell = cell
        self.shape = shape
        memory = LogMemory(cell.reference, shape, cell.segment)
        access = StructureAccess(cell)
    }

    var attachment: Attachment { cell.attachment }

    // MARK: The lock

    func locked<Result>(_ body: (LogMemory) throws(StoreError) -> Result) throws(StoreError) -> Result {
        // No crash point: each of the changes has its own.
        try access.acquire()
        defer { access.release() }
        if cell.reference.cell.isRemoved { throw attachment.removedError }
        if cell.reference.whole.relaxed() != 1 {
            memory.mend()
            attachment.noteChange(0..<shape.form.byteCount, of: cell.reference.cell)
        }
        return try body(memory)
    }

    // MARK: Appending

    /// Appends several entries under one lock; returns the number of the first.
    func append(_ entries: [[UInt8]]) throws(StoreError) -> UInt64 {
        // No crash point: see `LogMemory.append`.
        for entry in entries where entry.count > shape.room { throw tooLong(entry.count) }
        let now = MonotonicClock.coarseWallMilliseconds()
        let (first, wakes) = try locked { (memory) throws(StoreError) in
            var first: UInt64?
            for entry in entries {
                let number = unsafe try entry.span.withUnsafeBytes { (bytes) throws(StoreError) in
                    unsafe try memory.append(bytes, at: now)
                }
                attachment.noteChange(memory.bytes(of: number), of: cell.reference.cell)
                if first == nil { first = number }
            }
            attachment.noteChange(memory.headBytes, of: cell.reference.cell)
            let wakes = unsafe memory.state.pointee.waiting > 0
            if wakes {
                unsafe memory.state.pointee.waiting = 0
                memory.bell.add(1)
            }
            return (first ?? memory.range.next, wakes)
        }
        crashPoint("log: unlocked")
        if wakes { memory.bell.wakeAll() }
        return first
    }

    /// Appends entries that have numbers and times already; see `UntypedLog.restore`.
    func restore(_ entries: [(offset: UInt64, time: UInt64, bytes: [UInt8])]) throws(StoreError) {
        // No crash point: see `LogMemory.begin` and `append`.
        for entry in entries where entry.bytes.count > shape.room { throw tooLong(entry.bytes.count) }
        guard let start = entries.first?.offset else { return }
        try locked { (memory) throws(StoreError) in
            for (index, entry) in entries.enumerated() where entry.offset != start &+ UInt64(index) {
                throw notNext(entry.offset)
            }
            if start != memory.range.next {
                guard memory.range.next == 0, start < 1 << 62 else { throw notNext(start) }
                memory.begin(at: start)
            }
            for entry in entries {
                let number = unsafe try entry.bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in
                    unsafe try memory.append(bytes, at: entry.time)
                }
                attachment.noteChange(memory.bytes(of: number), of: cell.reference.cell)
            }
            attachment.noteChange(memory.headBytes, of: cell.reference.cell)
            // No crash point: a word for sleepers, who are woken after a death.
            unsafe memory.state.pointee.waiting = 0
            memory.bell.add(1)
        }
        memory.bell.wakeAll()
    }

    private func notNext(_ offset: UInt64) -> StoreError {
        StoreError(
            .invalidValue,
            "the log '\(cell.name)' cannot have an entry \(offset) now: the next is \(memory.range.next)")
    }

    private func tooLong(_ count: Int) -> StoreError {
        StoreError(
            .invalidValue,
            "an element of \(count) bytes does not fit in the log '\(cell.name)', which has room for \(shape.room): make it with "
                + "a larger maximumByteCount, under another name")
    }

    // MARK: Reading

    func checkThere() throws(StoreError) {
        if cell.reference.cell.isRemoved { throw attachment.removedError }
    }

    /// Calls `body` with up to so many entries from `start` on, or from the oldest that is kept. Takes no lock.
    func read(
        from start: UInt64, upTo most: Int, _ body: (UInt64, UInt64, [UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        try checkThere()
        var number = start
        var count = 0
        // What is appended meanwhile is for the next time: a reader that is slower than the writers comes to an end.
        let next = memory.range.next
        while count < most {
            number = max(number, memory.range.first)
            guard number < next else { return }
            if let entry = try memory.read(number) {
                try body(number, entry.time, entry.bytes)
                count += 1
                number += 1
            } else if memory.range.first <= number {
                // Said to be there, and neither there nor dropped.
                throw cell.segment.corrupt("the log '\(cell.name)' has no entry \(number)")
            }
        }
    }

    /// The first entry that was appended at that time or later. O(log entries). Takes no lock.
    func number(at time: UInt64) -> UInt64 {
        var (low, high) = memory.range
        while low < high {
            let middle = low + (high - low) / 2
            // What was dropped meanwhile was older.
            if (memory.time(of: middle) ?? 0) < time { low = middle + 1 } else { high = middle }
        }
        return max(low, memory.range.first)
    }

    // MARK: Waiting

    /// Waits until there is an entry of that number, or later ones. False if the deadline passed before.
    func wait(for number: UInt64, until deadline: Int64) throws(StoreError) -> Bool {
        while true {
            if try isThere(number) { return true }
            if spin.spin({ memory.range.next > number }) { return true }
            guard let seen = try register(number) else { return true }
            let now = MonotonicClock.now()
            if now >= deadline { return false }
            attachment.sleep(while: memory.bell, is: seen, until: min(deadline, now + slice))
        }
    }

    /// The same; blocks no thread. Nil where the task was cancelled.
    func wait(for number: UInt64, until deadline: Int64) async throws(StoreError) -> Bool? {
        while true {
            if try isThere(number) { return true }
            guard let seen = try register(number) else { return true }
            let now = MonotonicClock.now()
            if now >= deadline { return false }
            let woken = try await WaitingRooms.wait(
                while: memory.bell, is: seen, until: min(deadline, now + slice), keeping: attachment,
                unless: { [attachment] in attachment.isClosed })
            if woken == .cancelled { return nil }
        }
    }

    /// A process that may not write cannot ask to be told, and looks often.
    private var slice: Int64 { attachment.writePolicy == Attachment.readOnly ? 5_000_000 : Self.slice }

    private func isThere(_ number: UInt64) throws(StoreError) -> Bool {
        try attachment.checkUsable()
        try checkThere()
        return memory.range.next > number
    }

    /// Says that somebody is about to sleep, under the lock, so that whoever appends knows. Nil if the entry is there by now.
    private func register(_ number: UInt64) throws(StoreError) -> UInt32? {
        if attachment.writePolicy == Attachment.readOnly { return memory.bell.acquire() }
        return try locked { (memory) throws(StoreError) in
            if memory.range.next > number { return nil }
            // No crash point: a word for sleepers, who are woken after a death.
            unsafe memory.state.pointee.waiting = 1
            return memory.bell.acquire()
        }
    }

    // MARK: Groups

    /// The place of the group of the name, made if there is none.
    func group(_ name: String, from start: UInt64?) throws(StoreError) -> Int {
        let bytes = Array(name.utf8)
        guard (1...LogShape.longestName).contains(bytes.count) else {
            throw StoreError(
                .invalidName, "a group's name has 1 to \(LogShape.longestName) bytes of UTF-8, and '\(name)' has not")
        }
        if let index = find(bytes) { return index }
        if attachment.writePolicy == Attachment.readOnly {
            throw StoreError(
                .readOnly, "the log '\(cell.name)' has no group '\(name)', and the store was opened read-only")
        }
        let made = try locked { (memory) throws(StoreError) -> Int? in
            if let index = find(bytes) { return index }
            let (first, next) = memory.range
            let index = memory.addGroup(bytes, at: min(start ?? first, next))
            attachment.noteChange(memory.headBytes, of: cell.reference.cell)
            return index
        }
        guard let made else {
            throw StoreError(
                .limitReached, "the log '\(cell.name)' has \(LogShape.mostGroups) groups, which is the most")
        }
        return made
    }

    var groups: [(name: String, position: UInt64)] {
        (0..<memory.groupCount).map {
            (String(decoding: memory.name($0), as: UTF8.self), memory.position($0).acquire())
        }
    }

    private func find(_ name: [UInt8]) -> Int? { (0..<memory.groupCount).first { memory.name($0) == name } }

    /// Moves a group's position by what `change` makes of it.
    func move(_ group: Int, _ change: (UInt64, LogMemory) throws(StoreError) -> UInt64) throws(StoreError) {
        try locked { (memory) throws(StoreError) in
            let position = memory.position(group)
            position.release(try change(position.relaxed(), memory))
            crashPoint("log group: moved")
            attachment.noteChange(memory.headBytes, of: cell.reference.cell)
        }
    }
}
