import Glibc
import Synchronization

/// Where the transactions of one process run, one after another.
final class TransactionSeat: Sendable {
    /// The thread whose transaction runs, or 0. Only a thread that asks for itself must be right about it.
    private let thread = Atomic<UInt>(0)
    /// Used again and again. Under the transactions' lock.
    private nonisolated(unsafe) var kept: TransactionCore?

    /// Whether the calling thread is inside a transaction.
    var isMine: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    func enter() { thread.store(UInt(pthread_self()), ordering: .relaxed) }
    func leave() { thread.store(0, ordering: .relaxed) }

    /// Under the transactions' lock, until it is given up.
    func core(for attachment: Attachment) -> TransactionCore {
        if let kept = unsafe kept { return kept }
        let core = TransactionCore(attachment)
        unsafe kept = core
        return core
    }
}
