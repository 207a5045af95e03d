import CCellar
import Glibc
import Logging
import Synchronization

/// The one background thread of an attachment. Its liveness lock says that the process lives; one keeper at a time is
/// the checkpointer of the store.
final class Keeper: Sendable {
    let slot: Int
    let attachment: UInt64
    private let segment: Segment
    private let logger: Logger
    private let thread: NativeThread
    private let stopping: StopFlag
    /// Whether the process has used structures, and may have something of them when it leaves.
    let usesStructures = Atomic<Bool>(false)
    /// A day.
    private static let longestInterval: Int64 = 86_400_000_000_000

    private final class StopFlag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    /// Starts the thread and waits until it has a place in the process table.
    init(
        segment: Segment, catalogue: Catalogue, logger: Logger, name: String, interval: Duration
    ) throws(StoreError) {
        let start = Start()
        let stopping = StopFlag()
        self.segment = segment
        self.logger = logger
        self.stopping = stopping
        thread = try NativeThread(name: "cellar-keeper") {
            ForkGuard.beginWork()
            defer { ForkGuard.endWork() }
            let claimed: (slot: Int, attachment: UInt64)
            do throws(StoreError) {
                claimed = try ProcessTable(segment: segment).claim(name: name)
            } catch {
                start.publish(.failure(error))
                return
            }
            let loop = KeeperLoop(
                segment: segment, slot: claimed.slot, interval: min(max(interval.nanoseconds, 0), Self.longestInterval),
                logger: logger,
                checkpointer: Checkpointer(segment: segment, catalogue: catalogue, logger: logger, slot: claimed.slot))
            start.publish(.success(claimed))
            loop.run { stopping.isSet.load(ordering: .acquiring) }
        }
        let place = start.wait()
        if case .failure = place { thread.join() }
        (slot, attachment) = try place.get()
    }

    /// Ends the thread: it finishes what is dirty if it is the checkpointer, and leaves the process table.
    func stop() {
        stopping.isSet.store(true, ordering: .releasing)
        nudge()
        thread.join()
        // It has left: what it has of structures is nobody's. Killed before this, those who wait find that out by themselves.
        if usesStructures.load(ordering: .relaxed) { Watchers(segment: segment).ringBells() }
    }

    /// Finishes what a process that died was changing about what cells there are, and what its transaction committed, so that
    /// nobody sees it half done.
    func mendCatalogue() { Self.mendCatalogue(of: segment, as: slot, logger) }

    fileprivate static func mendCatalogue(of segment: Segment, as slot: Int, _ logger: Logger) {
        do throws(StoreError) {
            try Catalog(segment: segment).mendIfAbandoned(as: slot)
            try TransactionArea(segment: segment).mendIfAbandoned(as: slot)
        } catch {
            // The next to change something is told.
            logger.error("cannot mend what a dead process left", metadata: ["error": "\(error)"])
        }
    }

    /// Has the keeper look at once whether the checkpointer still lives.
    func nudge() {
        let wake = ProcessTable(segment: segment).wake(slot)
        wake.add(1)
        crashPoint("nudge: not woken yet")
        wake.wakeAll()
        let gate = CheckpointGate(segment: segment)
        if gate.holder.acquire() == UInt64(slot + 1), gate.idle.exchange(CheckpointGate.awake) != CheckpointGate.awake {
            gate.idle.wakeAll()
        }
    }

    /// Carries the thread's first result to the one who started it.
    private final class Start: Sendable {
        private let result = Mutex<Result<(slot: Int, attachment: UInt64), StoreError>?>(nil)
        private let semaphore: ThreadSemaphore = ThreadSemaphore()

        func publish(_ value: Result<(slot: Int, attachment: UInt64), StoreError>) {
            result.withLock { $0 = value }
            semaphore.signal()
        }

        func wait() -> Result<(slot: Int, attachment: UInt64), StoreError> {
            semaphore.wait()
            return result.withLock { $0! }
        }
    }
}

/// What the keeper does, on its own thread.
struct KeeperLoop {
    let segment: Segment
    let slot: Int
    let interval: Int64
    let logger: Logger
    let checkpointer: Checkpointer

    /// How often a keeper looks for the dead when nothing else wakes it.
    private static let patrol: Int64 = 1_000_000_000
    /// How long the checkpointer waits after a failed pass, unless asked.
    private static let pauseAfterFailure: Int64 = 1_000_000_000
    /// How many passes a keeper makes at most before it leaves.
    private static let lastPasses = 8

    private var gate: CheckpointGate { CheckpointGate(segment: segment) }
    private var table: ProcessTable { ProcessTable(segment: segment) }

    func run(shouldStop: () -> Bool) {
        var isCheckpointer = false
        var nextPass = MonotonicClock.now()
        while !shouldStop() {
            let seen = table.wake(slot).acquire()
            if !isCheckpointer { isCheckpointer = tryRole() }
            // Everyone looks for the dead: the checkpointer may be stopped.
            patrol()
            if isCheckpointer {
                checkpoint(&nextPass, shouldStop)
            } else if !shouldStop() {
                asleep { table.wake(slot).wait(while: seen, atMost: Self.patrol) }
            }
        }
        // A process that was attached for a moment only never had the role, and may have changed something all the same.
        // Who gives the role up looks once more afterwards: of two that leave at once, one sees what both changed.
        // A few times at most: what others go on changing is theirs to write, and damaged words may ask for passes for ever.
        for _ in 0..<Self.lastPasses where isCheckpointer || checkpointer.isWanted && tryRole() {
            isCheckpointer = false
            if !giveUpRole() || !checkpointer.isWanted { break }
        }
        table.leave(slot)
    }

    // MARK: The role

    private func tryRole() -> Bool {
        switch gate.role.tryLock() {
        case .busy, .unusable: return false
        case .ownerDied:
            crashPoint("role: found dead holder")
            gate.role.makeConsistent()
            logger.info("taking over checkpoints from a process that died")
        case .locked: break
        }
        gate.holder.release(UInt64(slot + 1))
        crashPoint("role: taken")
        do throws(StoreError) { try checkpointer.takeOver() } catch {
            logger.error("cannot take over checkpoints", metadata: ["error": "\(error)"])
        }
        return true
    }

    /// Writes what is left and lets another keeper have the role. Returns whether nothing kept it from writing.
    private func giveUpRole() -> Bool {
        patrol()
        let failure = checkpointer.isWanted ? checkpointer.pass() : nil
        gate.holder.release(0)
        crashPoint("role: written all")
        gate.idle.setOrdered(CheckpointGate.awake)
        gate.role.unlock()
        crashPoint("role: given up")
        for other in table.attachments() where other.slot != slot {
            table.wake(other.slot).add(1)
            table.wake(other.slot).wakeAll()
        }
        return failure == nil
    }

    // MARK: The dead

    /// Finds attachments whose process died, has the next pass compare everything with the disk, and tells all watchers.
    private func patrol() {
        table.sweep { dead in
            logger.info("a process died while it had the store open", metadata: ["slot": "\(dead)"])
            Keeper.mendCatalogue(of: segment, as: slot, logger)
            gate.verify.add(1)
            crashPoint("sweep: comparison asked for")
            checkpointer.forgetDeadReaders()
            Watchers(segment: segment).wakeAfterDeath()
        }
    }

    // MARK: Checkpoints

    private func checkpoint(_ nextPass: inout Int64, _ shouldStop: () -> Bool) {
        guard checkpointer.isWanted else {
            sleep(CheckpointGate.nothingToDo, Self.patrol) { !checkpointer.isWanted && !shouldStop() }
            return
        }
        let now = MonotonicClock.now()
        if now < nextPass, !checkpointer.isRequested {
            sleep(CheckpointGate.pacing, nextPass - now) { !checkpointer.isRequested && !shouldStop() }
            return
        }
        patrol()
        let failure = checkpointer.pass()
        // A lock that was held is no failure of the disk: the next pass may get it.
        let isSerious = failure != nil && failure?.code != .timedOut
        let pause = isSerious ? max(interval, Self.pauseAfterFailure) : interval
        nextPass = now + pause
        if let failure { logger.warning("a checkpoint failed", metadata: ["error": "\(failure)"]) }
    }

    /// Meanwhile this process may fork.
    private func asleep(_ body: () -> Void) {
        ForkGuard.endWork()
        defer { ForkGuard.beginWork() }
        body()
    }

    /// Sleeps in a state that others know how to end. The state is set before the last look, and who changes what is
    /// looked at reads the state afterwards (`CheckpointGate.wakeIfIdle`, `request`): one of both notices.
    private func sleep(_ state: UInt32, _ nanoseconds: Int64, while stillQuiet: () -> Bool) {
        gate.idle.setOrdered(state)
        crashPoint("sleep: announced")
        if stillQuiet() { asleep { gate.idle.wait(while: state, atMost: nanoseconds) } }
        gate.idle.setOrdered(CheckpointGate.awake)
    }
}
