import CCellar
import Synchronization

/// How long to look at a word again and again before sleeping on it.
///
/// Where another processor changes it soon, that is a tenth of what sleeping and being woken costs; where it does not,
/// or there is only one processor, it is wasted. So the time grows while it helps, up to about as much as a sleep
/// costs, and shrinks to nearly nothing while it does not.
final class SpinBudget: Sendable {
    private let rounds = Atomic<Int>(most / 8)
    /// Looks in vain since the last that was not, where there are probes.
    private let failures = Atomic(0)
    private let probes: Bool
    private static let least = 8
    private static let most = 512
    /// A probe: now and then somebody looks for as long as a sleeper takes to wake. Of two who hand something to each other, each
    /// asleep when its turn comes, neither could find out else that looking would help if the other did it too.
    private static let probe = 2048
    private static let failuresToProbe = 256

    init(probes: Bool = false) { self.probes = probes }

    /// Looks until `isOver`, for as long as it is worth it. Returns what it saw last.
    @inline(__always)
    func spin(_ isOver: () -> Bool) -> Bool {
        let allowed = rounds.load(ordering: .relaxed)
        let isProbe = probes && failures.load(ordering: .relaxed) == Self.failuresToProbe
        for _ in 0..<(isProbe ? Self.probe : allowed) {
            if isOver() {
                if probes { failures.store(0, ordering: .relaxed) }
                let next = isProbe ? Self.most / 4 : min(allowed * 2, Self.most)
                if allowed != next { rounds.store(next, ordering: .relaxed) }
                return true
            }
            cellar_spin_hint()
        }
        if probes { failures.store(isProbe ? 0 : failures.load(ordering: .relaxed) + 1, ordering: .relaxed) }
        rounds.store(max(allowed / 2, probes ? 1 : Self.least), ordering: .relaxed)
        return isOver()
    }
}
