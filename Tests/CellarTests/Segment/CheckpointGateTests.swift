import CellarTestSupport
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
}
