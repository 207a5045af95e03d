import CCellar
import Glibc

/// The attached processes.
///
/// | state | liveness mutex | means |
/// |---|---|---|
/// | free | unlocked | nobody |
/// | free | owner died | its keeper died while moving in or out: nothing to give back |
/// | live | locked | attached |
/// | live | owner died | died attached: what it held is to be given back |
///
/// The keeper locks, fills in, publishes `live` (release; pairs with the acquire in `attachments`), and on leaving
/// publishes `free` and unlocks. Pids are for people; the mutex decides who lives.
struct ProcessTable {
    let segment: Segment

    static let free: UInt64 = 0
    static let live: UInt64 = 1

    static func slotOffset(_ slot: Int) -> Int {
        unsafe CELLAR_SEGMENT_PROCESSES + slot * MemoryLayout<cellar_process>.stride
    }

    private func state(_ slot: Int) -> SharedWord { segment.word(Self.slotOffset(slot) + CELLAR_PROCESS_STATE) }
    private func attachment(_ slot: Int) -> SharedWord {
        segment.word(Self.slotOffset(slot) + CELLAR_PROCESS_ATTACHMENT)
    }
    private func liveness(_ slot: Int) -> RobustMutex {
        unsafe RobustMutex(segment.fixed(Self.slotOffset(slot) + CELLAR_PROCESS_LIVENESS))
    }

    /// The word a keeper sleeps on.
    func wake(_ slot: Int) -> SharedFutex { segment.futex(Self.slotOffset(slot) + CELLAR_PROCESS_WAKE) }

    /// Takes a slot for the calling thread, which must be the keeper. O(slots in use); does not block.
    func claim(name: String) throws(StoreError) -> (slot: Int, attachment: UInt64) {
        for slot in 0..<Int(CELLAR_PROCESS_SLOTS) where state(slot).acquire() == Self.free {
            let mutex = liveness(slot)
            guard mutex.isSound else { throw segment.corrupt("the lock of process slot \(slot) is no lock") }
            switch mutex.tryLock() {
            case .busy: continue
            case .unusable(let number): throw .system("lock process slot \(slot)", number)
            case .ownerDied: mutex.makeConsistent()
            case .locked: break
            }
            if state(slot).acquire() != Self.free {
                // It was taken, and its owner died, between the look and the lock: leave it to the sweep.
                mutex.unlock()
                continue
            }
            let number = segment.word(CELLAR_HEADER_NEXT_ATTACHMENT).add(1)
            fill(slot, name: name)
            crashPoint("attach: slot filled in")
            attachment(slot).setRelaxed(number)
            state(slot).release(Self.live)
            crashPoint("attach: slot live")
            return (slot, number)
        }
        throw StoreError(
            .limitReached,
            "\(CELLAR_PROCESS_SLOTS) processes have the store open, which is the most: close it in one of them")
    }

    private func fill(_ slot: Int, name: String) {
        let entry = unsafe segment.fixed(Self.slotOffset(slot)).assumingMemoryBound(to: cellar_process.self)
        unsafe entry.pointee.pid = UInt32(getpid())
        unsafe entry.pointee.thread = UInt32(cellar_thread_id())
        unsafe entry.pointee.started_ns = MonotonicClock.wall()
        let target = unsafe segment.fixed(Self.slotOffset(slot) + CELLAR_PROCESS_NAME)
        let kept = Array(name.utf8.prefix(Int(CELLAR_PROCESS_NAME_BYTES) - 1))
        for index in 0..<Int(CELLAR_PROCESS_NAME_BYTES) {
            let byte = index < kept.count ? kept[index] : 0
            unsafe target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
    }

    /// Gives the calling keeper's slot back.
    func leave(_ slot: Int) {
        state(slot).release(Self.free)
        crashPoint("detach: slot free")
        liveness(slot).unlock()
    }

    /// Finds those who died attached, hands each to `mend`, and frees its slot. A caller that dies within leaves the
    /// slot to the next one. O(slots); does not block.
    func sweep(_ mend: (_ slot: Int) -> Void) {
        for slot in 0..<Int(CELLAR_PROCESS_SLOTS) where state(slot).acquire() == Self.live {
            let mutex = liveness(slot)
            guard mutex.isSound else { continue }
            switch mutex.tryLock() {
            case .busy, .unusable: continue
            case .ownerDied: mutex.makeConsistent()
            case .locked: break
            }
            // Whoever lives holds its mutex, so a live slot that could be locked is a dead one, even if somebody who
            // met its death before us died too.
            if state(slot).acquire() == Self.live {
                // The lock word has this thread's id now, and in another container that may be the dead keeper's: those who
                // are told of the death below must not take it for alive.
                thread(slot).release(0)
                crashPoint("sweep: no thread")
                mend(slot)
                crashPoint("sweep: mended")
                state(slot).release(Self.free)
                crashPoint("sweep: slot free")
            }
            mutex.unlock()
        }
    }

    /// The number of the oldest attachment that is still there; `UInt64.max` if none is.
    func oldestAttachment() -> UInt64 {
        var oldest = UInt64.max
        for slot in 0..<Int(CELLAR_PROCESS_SLOTS) where state(slot).acquire() == Self.live {
            oldest = min(oldest, attachment(slot).relaxed())
        }
        return oldest
    }

    /// What the slots in use say. Reads only.
    func attachments() -> [AttachmentInfo] {
        (0..<Int(CELLAR_PROCESS_SLOTS)).compactMap { info($0) }
    }

    func info(_ slot: Int) -> AttachmentInfo? {
        guard slot >= 0, slot < Int(CELLAR_PROCESS_SLOTS), state(slot).acquire() == Self.live else { return nil }
        let entry = unsafe segment.fixed(Self.slotOffset(slot)).assumingMemoryBound(to: cellar_process.self).pointee
        return unsafe AttachmentInfo(
            slot: slot, id: entry.attachment, processID: Int32(truncatingIfNeeded: entry.pid),
            name: name(slot), startedAt: entry.started_ns, isAlive: isAlive(slot, thread: entry.thread))
    }

    /// Whether the numbered attachment has the slot and its process lives.
    func isAttached(_ number: UInt64, slot: Int) -> Bool {
        guard slot >= 0, slot < Int(CELLAR_PROCESS_SLOTS), state(slot).acquire() == Self.live,
            attachment(slot).relaxed() == number
        else { return false }
        // Looked at before and after: in between, the slot may have been given to another.
        return isAlive(slot, thread: thread(slot).acquire()) && attachment(slot).acquire() == number
    }

    /// The keeper's thread id.
    private func thread(_ slot: Int) -> SharedFutex {
        segment.futex(Self.slotOffset(slot) + CELLAR_PROCESS_THREAD)
    }

    /// Whether the slot's words are such as this table writes.
    func isSound(_ slot: Int) -> Bool { state(slot).acquire() <= Self.live && liveness(slot).isSound }

    /// Whether the slot's keeper lives, without touching its mutex: the C library keeps the holder's thread id in the
    /// mutex and the kernel sets the died bit there.
    private func isAlive(_ slot: Int, thread: UInt32) -> Bool {
        let lockWord = segment.futex(Self.slotOffset(slot) + CELLAR_PROCESS_LIVENESS).acquire()
        let ownerDied: UInt32 = 0x4000_0000
        // Another's thread id is there while somebody sweeps a dead slot.
        return lockWord & ownerDied == 0 && thread != 0 && lockWord & 0x3FFF_FFFF == thread & 0x3FFF_FFFF
    }

    private func name(_ slot: Int) -> String {
        let source = unsafe segment.fixed(Self.slotOffset(slot) + CELLAR_PROCESS_NAME)
        var bytes: [UInt8] = []
        for index in 0..<Int(CELLAR_PROCESS_NAME_BYTES) {
            let byte = unsafe source.load(fromByteOffset: index, as: UInt8.self)
            if byte == 0 { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// One attached process, as its slot tells.
public struct AttachmentInfo: Sendable, Hashable {
    /// Index in the process table.
    public let slot: Int
    /// Number of the attachment; rises with every attachment of the segment's life.
    public let id: UInt64
    /// The process id, in the pid namespace of the process itself. For people: it does not identify the process.
    public let processID: Int32
    /// The name given in the options, or the program's.
    public let name: String
    /// Nanoseconds since 1970.
    public let startedAt: UInt64
    /// Whether the process lives.
    public let isAlive: Bool
}
