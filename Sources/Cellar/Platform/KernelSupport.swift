import CCellar
import Glibc

/// What the kernel does of what a store needs, tried out. For the tool.
package enum KernelSupport {
    /// Whether a lock whose holder ended says so. Everything rests on that.
    package static var tellsOfDeadHolders: Bool {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        defer { unsafe bytes.deallocate() }
        // No crash point: memory of this process alone.
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
        let mutex = unsafe RobustMutex(bytes)
        guard mutex.initialize() == 0, let thread = try? NativeThread(name: "cellar-probe", { _ = mutex.tryLock() })
        else {
            return false
        }
        thread.join()
        guard case .ownerDied = mutex.tryLock() else { return false }
        mutex.makeConsistent()
        mutex.unlock()
        return true
    }

    /// Whether others can be made to fence, so that writers need not.
    package static var hasMemoryBarrier: Bool { MemoryBarrier.isRegistered && MemoryBarrier.expedited() }

    /// Whether a thread can wait for several words at once.
    package static var waitsForSeveral: Bool { cellar_futex_wait_any(nil, 0, 0) != ENOSYS }
}
