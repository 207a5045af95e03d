import CCellar
import CellarTestSupport
import FoundationEssentials
import Synchronization
import Testing

@testable import Cellar

struct CheckpointGateTests {
    /// Who waited for a pass looked whether it had succeeded, then whether it had ended. A pass that ended well between
    /// the two looks was taken for a failed one, and `sync` threw the first error there is, `.noSuchStore`. Seen once in
    /// some three thousand syncs.
    @Test func aPassThatEndsWellIsNeverSeenToFail() throws {
        try withScratchStore { scratch in
            let segment = try #require(try scratch.openQuiet().attachment.segment)
            let gate = CheckpointGate(segment: segment)
            let first = gate.begun.ordered() + 1
            let rounds: UInt64 = 300_000
            let reached = Atomic(first)
            let other = try NativeThread(name: "checkpointer") {
                for pass in first..<first + rounds {
                    spin { reached.load(ordering: .acquiring) < pass }
                    gate.begun.add(1)
                    gate.end(pass, nil)
                }
            }
            var failed = 0
            for pass in first..<first + rounds {
                reached.store(pass, ordering: .releasing)
                spin {
                    switch gate.outcome(of: pass) {
                    case .notYet: return true
                    case .failed: failed += 1
                    case .onDisk: break
                    }
                    return false
                }
            }
            other.join()
            #expect(failed == 0)
        }
    }

    /// All who wanted something on disk were woken by each pass's end, even those who had come too late for it: of 64 writers, most
    /// were woken twice for each thing that they wrote.
    @Test func theEndOfAPassWakesThoseWhoWaitForIt() throws {
        try withScratchStore { scratch in
            let segment = try #require(try scratch.openQuiet().attachment.segment)
            let gate = CheckpointGate(segment: segment)
            let first = gate.begun.ordered() + 1
            gate.begun.add(1)
            let wakes = Atomic(0)
            let thread = Atomic(Int32(0))
            let waiter = try NativeThread(name: "waiter") {
                thread.store(cellar_thread_id(), ordering: .releasing)
                while case .notYet = gate.outcome(of: first + 1) {
                    gate.wait(for: first + 1, atMost: 60_000_000_000)
                    wakes.add(1, ordering: .relaxed)
                }
            }
            func isAsleep() -> Bool {
                let status = "/proc/self/task/\(thread.load(ordering: .acquiring))/stat"
                return (try? String(contentsOfFile: status, encoding: .utf8))?.contains(") S ") == true
            }
            settle { isAsleep() }
            gate.end(first, nil)
            // Who is woken is no longer asleep, or has counted that.
            #expect(isAsleep())
            #expect(wakes.load(ordering: .relaxed) == 0)
            gate.begun.add(1)
            gate.end(first + 1, nil)
            waiter.join()
            #expect(wakes.load(ordering: .relaxed) == 1)
        }
    }
}
