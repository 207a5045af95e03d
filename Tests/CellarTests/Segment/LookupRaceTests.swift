import Cellar
import CellarTestSupport
import Dispatch
import Synchronization
import Testing

/// A lookup that loses a race against a removal must not take the store for damaged.
///
/// The story: `find` searched the directory for a name, and then read the slot it had found once more to get at the
/// cell. In between, another process removed the cell and dropped the slot, so the second read gave the mark of a
/// dropped slot, 1, and the lookup reported a damaged segment ("a cell is said to lie at 1"). Four processes that
/// created, removed and renamed the same fifty names hit it about once in ten thousand kills and lookups.
struct LookupRaceTests {
    @Test func aRemovalDuringALookupIsNoDamage() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let isDone = Flag()
            let failure = Mutex<StoreError?>(nil)
            DispatchQueue.concurrentPerform(iterations: 2) { side in
                let thrown = side == 0 ? Self.flicker(store, isDone) : Self.lookUp(store, until: isDone)
                if let thrown { failure.withLock { $0 = thrown } }
            }
            #expect(failure.withLock { $0 } == nil)
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }

    private static func flicker(_ store: Store, _ isDone: Flag) -> StoreError? {
        defer { isDone.set() }
        do throws(StoreError) {
            for _ in 0..<20_000 {
                _ = try store.value("flicker", initial: 1, persistence: .volatile)
                try store.remove("flicker")
            }
            return nil
        } catch {
            return error
        }
    }

    private static func lookUp(_ store: Store, until isDone: Flag) -> StoreError? {
        while !isDone.isSet {
            do throws(StoreError) { _ = try store.value("flicker", of: Int.self) } catch {
                if error.code != .noSuchCell { return error }
            }
        }
        return nil
    }
}
