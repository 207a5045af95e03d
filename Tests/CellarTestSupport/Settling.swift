import Cellar
import Glibc

/// Looks again and again until it is so. Without a limit: the test's watchdog has one.
public func settle(until condition: () throws -> Bool) rethrows {
    while try !condition() { usleep(500) }
}

extension Store {
    /// Waits until so many wait for the lock or signal.
    public func settle(_ name: String, waiters count: Int) throws {
        try CellarTestSupport.settle { try lockInfo(name)?.waiters.count == count }
    }
}
