import Cellar
import Synchronization
import Testing

import CellarTestSupport

/// A lookup that loses a race against a removal must not take the store for damaged.
///
/// The story: `find` searched the directory for a name, and then read the slot it had found once more to get at the
/// cell. In between, another process removed the cell and dropped the slot, so the second read gave the mark of a
/// dropped slot, 1, and the lookup reported a damaged segment ("a cell is said to lie at 1"). Four processes that
/// created, removed and renamed the same fifty names hit it about once in ten thousand kills and lookups.
@Suite struct LookupRaceTests {
    @Test func aRemovalDuringALookupIsNoDamage() async throws {
        let scratch = try ScratchStore()
        let store = try scratch.open()
        defer { store.close() }
        let isDone = Atomic<Bool>(false)
        let rounds = 20_000
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { isDone.store(true, ordering: .releasing) }
                for _ in 0..<rounds {
                    _ = try store.value("flicker", initial: 1, persistence: .volatile)
                    try store.remove("flicker")
                }
            }
            group.addTask {
                while !isDone.load(ordering: .acquiring) {
                    do throws(StoreError) { _ = try store.value("flicker", of: Int.self) } catch {
                        let code = error.code
                        #expect(code == .noSuchCell, "\(error)")
                        if code != .noSuchCell { return }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
