import CCellar
import Synchronization

/// How long to look at a word again and again before sleeping on it.
///
/// Where another processor changes it soon, that is a tenth of what sleeping and being woken costs; where it does not,
/// or there is only one processor, it is wasted. So the time grows while it helps, up to about as much as a sleep
/// costs, and shrinks to nearly nothing while it does not.
final class SpinBudget: Sendable {
    private let rounds = Atomic<Int>(most / 8)
    private static let least = 8
    private static let most = 512

    /// Looks until `isOver`, for as long as it is worth it. Returns what it saw last.
    func spin(_ isOver: () -> Bool) -> Bool {
        let allowed = rounds.load(ordering: .relaxed)
        for _ in 0..<allowed {
            if isOver() {
                rounds.store(min(allowed * 2, Self.most), ordering: .relaxed)
                return true
            }
            cellar_spin_hint()
        }
        rounds.store(max(allowed / 2, Self.least), ordering: .relaxed)
        return isOver()
    }
}
