import CCellar
import Synchronization

/// How long to look at a word again and again before sleeping on it.
///
/// Where another processor changes it soon, that is a tenth of what sleeping and being woken costs; where it does not,
/// or there is only one processor, it is wasted. So the time grows while it helps, up to about as much as a sleep
/// costs, and shrinks to nearly nothing while it does not.
final class SpinBudget: Sendable {
    /// In pauses of the processor.
    private let rounds: Atomic<Int>
    private let least: Int
    private let most: Int
    /// Failures since the last success; where there are probes.
    private let failures = Atomic(0)
    private let probes: Bool
    /// The longest time between two looks. Each look takes the word's cache line away from who works on it: of two processes at
    /// one queue, the one who waits goes easy on the other, who then does several things in a row and is done twice as fast.
    private let longestPause: Int
    private static let failuresToProbe = 256

    /// With `probes`, for two who hand something to each other: they may look for as long as a sleeper takes to wake, so that one
    /// who fell asleep finds the other awake; and after many failures somebody looks for as long once more. Of two who are each
    /// asleep when their turn comes, neither would find out else that looking helps if the other does it too.
    init(probes: Bool = false) {
        self.probes = probes
        (least, most, longestPause) = probes ? (1, 2048, 1) : (8, 512, 16)
        rounds = Atomic(most / 8)
    }

    /// Looks until `isOver`, for as long as it is worth it. Returns what it saw last.
    @inline(__always)
    func spin(_ isOver: () -> Bool) -> Bool {
        let allowed = rounds.load(ordering: .relaxed)
        let isProbe = probes && failures.load(ordering: .relaxed) == Self.failuresToProbe
        let limit = isProbe ? most : allowed
        var spent = 0
        var pause = 1
        while spent < limit {
            if isOver() {
                if probes { failures.store(0, ordering: .relaxed) }
                if allowed != most { rounds.store(min(limit * 2, most), ordering: .relaxed) }
                return true
            }
            for _ in 0..<pause { cellar_spin_hint() }
            spent &+= pause
            pause = min(pause &* 2, longestPause)
        }
        if probes { failures.store(isProbe ? 0 : failures.load(ordering: .relaxed) + 1, ordering: .relaxed) }
        rounds.store(max(allowed / 2, least), ordering: .relaxed)
        return isOver()
    }
}
