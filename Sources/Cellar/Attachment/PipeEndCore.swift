import CCellar
import Synchronization

/// An end of a pipe that this process has: the rings, what may be done when, and waiting.
///
/// A lock of this process lets one thread at a time send, and one receive; it is held for as long as the caller works on a
/// message in place, and never while anybody waits for the other end.
@usableFromInline @safe
final class PipeEndCore: Sendable {
    @usableFromInline let attachment: Attachment
    let memory: PipeMemory
    let name: String
    let end: Int
    @usableFromInline let largest: Int
    private let own: UInt64
    private let writer: PipeWriter
    private let reader: PipeReader
    let sending = PrivateLock()
    let receiving = PrivateLock()
    private let isClosed = Atomic(false)
    /// How many deaths were looked into.
    private let deaths: Atomic<UInt64>
    private let sendPatience = PipePatience()
    private let receivePatience = PipePatience()

    /// An end that was just claimed, of a pipe in which it did nothing yet.
    init(_ cell: StructureCell, _ memory: PipeMemory, _ shape: PipeShape, end: Int, own: UInt64, deaths: UInt64) {
        attachment = cell.attachment
        name = cell.name
        self.memory = memory
        self.end = end
        self.own = own
        largest = shape.largestMessage
        let fences = cell.attachment.writePolicy != Attachment.plain
        writer = PipeWriter(memory.ring(from: end), fences: fences)
        reader = PipeReader(memory.ring(from: 1 - end), largest: largest, fences: fences)
        self.deaths = Atomic(deaths)
    }

    deinit { close() }

    // MARK: Life

    var isOpen: Bool { !isClosed.load(ordering: .acquiring) }

    /// The store is being closed: wakes who waits here, and gives the end up unless somebody is at a message in place.
    func shutDown() {
        memory.ringAll()
        if sending.tryLock() {
            if receiving.tryLock() {
                memory.giveUp(end, of: own)
                receiving.unlock()
            }
            sending.unlock()
        }
        memory.ringAll()
    }

    /// Gives the end up: the other one gets what was sent, and then the end of all. Waits for those who work on a message.
    func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing), !attachment.isForked else { return }
        memory.ringAll()
        // Nobody of this process writes to the rings any more when the end is said to be gone: who gets a lock from now on
        // looks whether the end is closed. One lock after the other, since bodies may take them either way round.
        for lock in [sending, receiving] {
            _ = lock.lock(until: MonotonicClock.never)
            lock.unlock()
        }
        memory.giveUp(end, of: own)
        memory.ringAll()
        attachment.openPipes.remove(self)
    }

    /// Throws where the end can no longer be used.
    @inline(__always)
    private func check() throws(StoreError) {
        if _slowPath(
            ForkGuard.current != attachment.forkGeneration || attachment.closed.load(ordering: .relaxed)
                || isClosed.load(ordering: .relaxed))
        {
            try attachment.checkUsable()
            throw StoreError(.closed, "this end of the pipe '\(name)' was closed: open an end again")
        }
        if _slowPath(memory.reference.deaths.relaxed() != deaths.load(ordering: .relaxed)) { try lookIntoDeaths() }
    }

    /// The same, under one of the locks: the end may have been given up after the first look, and its ring be another's.
    @inline(__always)
    func checkOpen() throws(StoreError) {
        if _slowPath(attachment.closed.load(ordering: .relaxed) || isClosed.load(ordering: .relaxed)) { try check() }
    }

    /// A process died, or the pipe was removed.
    @inline(never)
    private func lookIntoDeaths() throws(StoreError) {
        if memory.reference.cell.isRemoved { throw attachment.removedError }
        let seen = memory.reference.deaths.acquire()
        _ = looksGone()
        deaths.store(seen, ordering: .relaxed)
    }

    // MARK: The other end

    /// Whether the other end was closed, or found dead.
    @inline(__always)
    var peerIsGone: Bool { memory.holder(1 - end).acquire() == PipeMemory.gone }

    /// The same, looking whether its process lives.
    func looksGone() -> Bool {
        let word = memory.holder(1 - end).acquire()
        if word == 0 { return false }
        if word == PipeMemory.gone { return true }
        if memory.isHolder(word) { return false }
        memory.giveUp(1 - end, of: word)
        return true
    }

    private var peerGone: StoreError {
        StoreError(
            .peerGone,
            "the other end of the pipe '\(name)' was closed, or its process died: close this end, and open the pipe again"
        )
    }

    private func tooLong(_ count: Int) -> StoreError {
        StoreError(
            .limitReached,
            "a message of \(count) bytes does not fit in the pipe '\(name)', which takes \(largest) at most: send it in "
                + "pieces, or make a pipe with a larger capacity")
    }

    // MARK: Sending

    /// A place for a message, and sending is the caller's until `commit` or `cancel`; or why there is none yet. `spins`: looks for
    /// a while, where that has helped lately; other threads of this process wait meanwhile, as if it were at a message.
    private func attemptSend(_ count: Int, spins: Bool = false) throws(StoreError) -> PipeAttempt<
        UnsafeMutableRawPointer
    > {
        try check()
        if peerIsGone { throw peerGone }
        guard sending.tryLock() else { return unsafe .busy }
        do throws(StoreError) {
            try checkOpen()
            if let place = unsafe try writer.reserve(count) { return unsafe .done(place) }
            let (read, seen) = (writer.ring.read.position, writer.readPosition)
            if spins, sendPatience.spin.spin({ read.acquire() != seen }),
                let place = unsafe try writer.reserve(count)
            {
                return unsafe .done(place)
            }
            // Whoever failed to say so.
            if looksGone() { throw peerGone }
        } catch {
            sending.unlock()
            throw error
        }
        sending.unlock()
        return unsafe .nothing
    }

    /// The same; nil where it would have to wait.
    @usableFromInline @unsafe
    func reserveNow(_ count: Int) throws(StoreError) -> UnsafeMutableRawPointer? {
        guard count <= largest else { throw tooLong(count) }
        if case .done(let place) = unsafe try attemptSend(count) { return unsafe place }
        return nil
    }

    /// The same, waiting for room.
    @usableFromInline @unsafe
    func reserve(_ count: Int, _ timeout: Duration?) throws(StoreError) -> UnsafeMutableRawPointer {
        guard count <= largest else { throw tooLong(count) }
        let first = unsafe try attemptSend(count, spins: true)
        if case .done(let place) = unsafe first { return unsafe place }
        return unsafe try attempt(sendWait, after: first, timeout) { (spins) throws(StoreError) in
            unsafe try attemptSend(count, spins: spins)
        }
    }

    @usableFromInline
    func commit(_ count: Int) {
        // No crash point: `PipeWriter.commit` has them.
        writer.commit(count)
        sendPatience.wentOn(writer.ring.read)
        sending.unlock()
    }

    @usableFromInline
    func cancelSend() { sending.unlock() }

    /// Returns when there was room for such a message. False if the task was cancelled.
    func waitForRoom(_ count: Int) async throws(StoreError) -> Bool {
        guard count <= largest else { throw tooLong(count) }
        return try await wait(sendWait) { () throws(StoreError) in
            let attempt = unsafe try attemptSend(count)
            if case .done = unsafe attempt { cancelSend() }
            return unsafe attempt.place
        }
    }

    private var sendWait: PipeWait {
        PipeWait(
            side: writer.ring.read, lock: sending, patience: sendPatience,
            timedOut: "the pipe '\(name)' stayed full: its other end reads too little; wait longer, or make it larger")
    }

    // MARK: Receiving

    /// The next message in place, or nil at the end, and receiving is the caller's until `consume` or `cancelReceive` (at the
    /// end it is not); or why there is none yet.
    private func attemptReceive(
        spins: Bool = false
    ) throws(StoreError) -> PipeAttempt<UnsafeRawBufferPointer?> {
        try check()
        guard receiving.tryLock() else { return unsafe .busy }
        do throws(StoreError) {
            try checkOpen()
            if let message = unsafe try reader.look() { return unsafe .done(message) }
            let place = reader.place
            if spins,
                receivePatience.spin.spin({ place.acquire() != 0 || place.acquire() != 0 || place.acquire() != 0 }),
                let message = unsafe try reader.look()
            {
                return unsafe .done(message)
            }
            if looksGone() {
                // What it sent before it went is there by now.
                if let message = unsafe try reader.look() { return unsafe .done(message) }
                receiving.unlock()
                return unsafe .done(nil)
            }
        } catch {
            receiving.unlock()
            throw error
        }
        receiving.unlock()
        return unsafe .nothing
    }

    /// The next message in place; see `attemptReceive`. Nil where it would have to wait, and at the end.
    @usableFromInline @unsafe
    func lookNow() throws(StoreError) -> UnsafeRawBufferPointer? {
        if case .done(let message) = unsafe try attemptReceive() { return unsafe message }
        return nil
    }

    /// The same, waiting for a message; nil at the end.
    @usableFromInline @unsafe
    func look(_ timeout: Duration?) throws(StoreError) -> UnsafeRawBufferPointer? {
        let first = unsafe try attemptReceive(spins: true)
        if case .done(let message) = unsafe first { return unsafe message }
        return unsafe try attempt(receiveWait, after: first, timeout) { (spins) throws(StoreError) in
            unsafe try attemptReceive(spins: spins)
        }
    }

    @usableFromInline
    func consume() {
        // No crash point: `PipeReader.consume` has one.
        reader.consume()
        receivePatience.wentOn(reader.ring.written)
        receiving.unlock()
    }

    @usableFromInline
    func cancelReceive() { receiving.unlock() }

    /// Whether nothing will come any more. False while another thread receives.
    func isAtEnd() throws(StoreError) -> Bool {
        guard case .done(let message) = unsafe try attemptReceive() else { return false }
        if unsafe message == nil { return true }
        cancelReceive()
        return false
    }

    @usableFromInline
    func mismatch(_ count: Int, _ type: SchemaKey) -> StoreError {
        StoreError(
            .mismatch,
            "the next message of the pipe '\(name)' has \(count) bytes, and was asked for as \(type.schema), which has "
                + "\(type.size): receive it as what it is")
    }

    /// Whether a message, or the end, is there within the time.
    func poll(_ timeout: Duration) throws(StoreError) -> Bool {
        do throws(StoreError) {
            if unsafe try look(timeout) != nil { cancelReceive() }
            return true
        } catch {
            if error.code == .timedOut { return false }
            throw error
        }
    }

    /// Returns when there was a message, or the end. False if the task was cancelled.
    func waitForMessage() async throws(StoreError) -> Bool {
        try await wait(receiveWait) { () throws(StoreError) in
            let attempt = unsafe try attemptReceive()
            if case .done(let message) = unsafe attempt, unsafe message != nil { cancelReceive() }
            return unsafe attempt.place
        }
    }

    private var receiveWait: PipeWait {
        PipeWait(
            side: reader.ring.written, lock: receiving, patience: receivePatience,
            timedOut: "nothing came through the pipe '\(name)' in time")
    }
}
