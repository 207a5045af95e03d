import CCellar
import Glibc
import Synchronization

/// The two sides of a store-then-load race, with the cost on the rare side.
///
/// A writer stores a value and then loads a mark. The checkpointer clears the mark and then reads the value. Without a
/// full barrier on both sides each can miss the other. The checkpointer's `expedited` barrier interrupts every running
/// thread of every registered process, which is a full barrier for them too; the writer needs only to keep the
/// compiler from swapping its store and its load.
@usableFromInline
enum MemoryBarrier {
    /// Registers this process; the first time costs most, where threads run already. False where refused.
    ///
    /// Not kept: a child that was forked while another thread found it out would wait for that thread for ever.
    static var isRegistered: Bool { cellar_membarrier_register() == 0 }

    /// The rare side's barrier; pairs with `compilerOnly` in every writer. False where the kernel refused.
    static func expedited() -> Bool { cellar_membarrier() == 0 }

    /// The hot side's barrier; pairs with `expedited` in the checkpointer.
    @inlinable @inline(__always)
    static func compilerOnly() { cellar_compiler_fence() }

    /// The hot side's barrier where membarrier is refused; pairs with `full` in the checkpointer.
    @inlinable @inline(__always)
    static func full() { atomicMemoryFence(ordering: .sequentiallyConsistent) }
}
