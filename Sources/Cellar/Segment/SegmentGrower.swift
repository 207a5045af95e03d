import Glibc
import Synchronization

/// The thread that adds memory to a large segment before it is needed; started when it is asked for the first time.
final class SegmentGrower: Sendable {
    private struct State {
        var thread: NativeThread?
        var isStopped = false
    }
    private let state = Mutex(State())
    private let isAsked = Atomic(false)
    private let wake = ThreadSemaphore()

    /// Has the thread add memory. Does not wait for it.
    func ask(_ segment: Segment) {
        if isAsked.exchange(true, ordering: .acquiringAndReleasing) { return }
        state.withLock { state in
            if state.isStopped || state.thread != nil { return }
            // Without it, memory is added when it is needed.
            state.thread = try? NativeThread(name: "cellar-grower") { self.run(segment) }
        }
        wake.signal()
    }

    /// Ends the thread. What is asked for later is not done.
    func stop() {
        let thread = state.withLock { state in
            state.isStopped = true
            return state.thread.take()
        }
        wake.signal()
        thread?.join()
    }

    private func run(_ segment: Segment) {
        // Work in advance is no reason to take the processor from who may hold a lock. (Here, of this thread alone.)
        _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, 10)
        while true {
            wake.wait()
            if state.withLock({ $0.isStopped }) { return }
            segment.growAhead()
            isAsked.store(false, ordering: .releasing)
        }
    }
}
