import Glibc
import Synchronization

/// Tells a forked child from its parent, without a system call.
@usableFromInline
enum ForkGuard {
    private static let generation = Atomic<UInt64>(0)
    private static let installed: Bool = {
        pthread_atfork(nil, nil, { ForkGuard.generation.wrappingAdd(1, ordering: .relaxed) }) == 0
    }()

    /// How many forks lie between the process that first asked and this one.
    static var current: UInt64 {
        _ = installed
        return generation.load(ordering: .relaxed)
    }
}
