import CCellar
import Glibc

/// How those who want something on disk and the checkpointer, in whatever process, find each other.
///
/// Passes are numbered. `begun` is advanced when a pass begins, before it looks at anything; `ended` and `succeeded`
/// when it ends. Who wants everything so far on disk waits for a pass that begins after it asked.
///
/// | idle | means | woken by |
/// |---|---|---|
/// | 0 | the checkpointer is awake | – |
/// | 1 | it sleeps: nothing is dirty | a first dirty mark, a request |
/// | 2 | it waits for its interval to pass | a request |
struct CheckpointGate {
    let segment: Segment

    static let awake: UInt32 = 0
    static let nothingToDo: UInt32 = 1
    static let pacing: UInt32 = 2

    private func word(_ field: Int) -> SharedWord { segment.word(CELLAR_HEADER_CHECKPOINT + field) }

    var role: RobustMutex { unsafe RobustMutex(segment.fixed(CELLAR_HEADER_CHECKPOINT)) }
    var idle: SharedFutex { segment.futex(CELLAR_HEADER_CHECKPOINT + CELLAR_CHECKPOINT_IDLE) }
    private var finished: SharedFutex { segment.futex(CELLAR_HEADER_CHECKPOINT + CELLAR_CHECKPOINT_FINISHED) }
    var requested: SharedWord { word(CELLAR_CHECKPOINT_REQUESTED) }
    var begun: SharedWord { word(CELLAR_CHECKPOINT_BEGUN) }
    var ended: SharedWord { word(CELLAR_CHECKPOINT_ENDED) }
    var succeeded: SharedWord { word(CELLAR_CHECKPOINT_SUCCEEDED) }
    var failure: SharedWord { word(CELLAR_CHECKPOINT_FAILURE) }
    var holder: SharedWord { word(CELLAR_CHECKPOINT_HOLDER) }
    /// Counts deaths: what a process was at when it died may be in memory without a mark.
    var verify: SharedWord { word(CELLAR_CHECKPOINT_VERIFY) }
    var verified: SharedWord { word(CELLAR_CHECKPOINT_VERIFIED) }
    var lastNanoseconds: SharedWord { word(CELLAR_CHECKPOINT_LAST_NANOSECONDS) }
    var lastEnded: SharedWord { word(CELLAR_CHECKPOINT_LAST_ENDED) }
    var lastBytes: SharedWord { word(CELLAR_CHECKPOINT_LAST_BYTES) }
    var lastChunks: SharedWord { word(CELLAR_CHECKPOINT_LAST_CHUNKS) }

    // MARK: The side that wants something

    /// After a first dirty mark. The mark's read-modify-write orders it before this load; pairs with the checkpointer,
    /// which sets `idle` before it looks for marks a last time.
    func wakeIfIdle() {
        guard idle.ordered() == Self.nothingToDo, idle.exchange(Self.awake) != Self.awake else { return }
        crashPoint("first change: not woken yet")
        idle.wakeAll()
    }

    /// Asks for a pass that begins from now on; returns its number at the least.
    func request() -> UInt64 {
        let target = begun.ordered() &+ 1
        var seen = requested.ordered()
        // Nobody asks for more than the next pass: a word that says so is damaged, and would keep ours from being seen.
        while seen < target || seen &- 1 > begun.ordered() {
            let (exchanged, original) = requested.compareExchange(seen, target)
            if exchanged { break }
            seen = original
        }
        crashPoint("sync: asked for")
        if idle.exchange(Self.awake) != Self.awake { idle.wakeAll() }
        return target
    }

    /// What became of a wait.
    enum Outcome {
        case onDisk
        case failed(StoreError)
        case notYet
    }

    /// Whether the pass, or a later one, is on disk or failed.
    func outcome(of target: UInt64) -> Outcome {
        // The end is looked at first: it is written last, so who sees it sees the success or the failure before it.
        let ended = ended.acquire()
        let succeeded = succeeded.acquire()
        // Numbers are given by `begun`, which is looked at last and only grows, from 1 on.
        guard max(ended, succeeded) <= begun.acquire(), target > 0 else {
            return .failed(segment.corrupt("a checkpoint ended that never began"))
        }
        guard ended >= target else { return .notYet }
        return succeeded >= target ? .onDisk : .failed(CheckpointFailure.unpack(failure.acquire()))
    }

    /// Sleeps until a pass ends, at most so long.
    func wait(for target: UInt64, atMost nanoseconds: Int64) {
        let seen = finished.acquire()
        guard case .notYet = outcome(of: target) else { return }
        finished.wait(while: seen, until: MonotonicClock.now() + nanoseconds, as: Self.kind(target))
    }

    /// Who waits for the next pass sleeps on when this one ends. After so many passes numbers are alike: then a wait takes as long
    /// as its caller lets it.
    private static func kind(_ target: UInt64) -> UInt32 { 1 << UInt32(target & 31) }

    // MARK: The checkpointer's side

    /// Whether somebody waits for a pass that has not begun. Nobody asks for more than the next one.
    var isRequested: Bool {
        let requested = requested.acquire()
        return requested &- begun.acquire() == 1
    }

    func end(_ pass: UInt64, _ error: StoreError?) {
        if let error {
            failure.release(CheckpointFailure.pack(error))
        } else {
            succeeded.release(pass)
            crashPoint("pass: success said")
        }
        // Pairs with the acquire loads in `outcome`: who sees the end sees how it ended.
        ended.release(pass)
        crashPoint("pass: end said")
        finished.add(1)
        finished.wakeAll(of: ~Self.kind(pass &+ 1))
    }
}

/// A failure of a checkpoint, packed so that the processes that wait for it learn it too.
enum CheckpointFailure {
    static func pack(_ error: StoreError) -> UInt64 {
        let index = StoreError.Code.allCases.firstIndex(of: error.code) ?? 0
        return UInt64(index) << 32 | UInt64(UInt32(bitPattern: error.errno))
    }

    static func unpack(_ word: UInt64) -> StoreError {
        let codes = StoreError.Code.allCases
        let index = Int(word >> 32)
        let code = index < codes.count ? codes[index] : .systemFailure
        let number = Int32(truncatingIfNeeded: word)
        return StoreError(code, message(code, number), errno: number)
    }

    private static func message(_ code: StoreError.Code, _ number: Int32) -> String {
        switch code {
        case .diskFull:
            return
                "the checkpoint found the disk full: nothing is lost while the machine runs; make room and sync again"
        case .timedOut where number == ETIMEDOUT:
            return
                "the store's catalogue stayed locked, so nothing could be checkpointed: sync again when its lock is free"
        case .timedOut:
            return "an array stayed locked, so its changes could not be checkpointed: sync again when its lock is free"
        case .corruptSegment:
            return
                "the checkpoint found damage in the segment: what is damaged was not written, every other cell was; when no "
                + "process has the store open, 'cellar discard STORE' goes on from what is on disk"
        case .ownerDied:
            return "a process died in the middle of a bulk write to an array, which is not checkpointed half written: "
                + "lock the array with a repair, then sync again"
        default:
            let reason = number == 0 ? code.rawValue : unsafe String(cString: strerror(number))
            return "the checkpoint failed (\(reason)): nothing is lost while the machine runs; sync again"
        }
    }
}
