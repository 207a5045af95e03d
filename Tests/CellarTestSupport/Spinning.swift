import Glibc

/// Spins while `condition` holds, for the shortest of hand-overs between two threads. Gives the processor away now and
/// then: where both threads come to share one, each turn would otherwise last for as long as the kernel lets it.
@inline(__always)
public func spin(while condition: () -> Bool) {
    var turns = 0
    while condition() {
        turns += 1
        if turns & 0xFFF == 0 { sched_yield() }
    }
}
