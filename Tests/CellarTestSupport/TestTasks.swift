import Glibc
import Synchronization

/// Threads that run a test's tasks. Tests that block have those of the pool, for minutes: a task would wait for them.
final class TestExecutor: TaskExecutor {
    static let shared = TestExecutor()

    private let jobs = Mutex<[UnownedJob]>([])
    private let doorbell = Doorbell()

    private init() {
        for _ in 0..<2 {
            Watchdog.thread { [self] in
                while true {
                    doorbell.wait()
                    let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                    unsafe job?.runSynchronously(on: asUnownedTaskExecutor())
                }
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        doorbell.ring()
    }
}

/// A counting semaphore.
@safe private final class Doorbell: @unchecked Sendable {
    private let native: UnsafeMutablePointer<sem_t>

    init() {
        unsafe native = .allocate(capacity: 1)
        unsafe sem_init(native, 0, 0)
    }

    deinit {
        unsafe sem_destroy(native)
        unsafe native.deallocate()
    }

    func ring() { unsafe sem_post(native) }
    func wait() { while unsafe sem_wait(native) != 0 {} }
}

/// Begins a task that no test keeps from running.
public func background<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) -> Task<Result, any Error> {
    Task(executorPreference: TestExecutor.shared) { try await body() }
}

/// Runs a task that no test keeps from running, to its end. Blocks.
public func runTask<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
    let outcome = Outcome<Result>()
    _ = background {
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        outcome.result.withLock { $0 = result }
        outcome.doorbell.ring()
    }
    outcome.doorbell.wait()
    return try outcome.result.withLock { $0! }.get()
}

private final class Outcome<Result: Sendable>: Sendable {
    let result = Mutex<Swift.Result<Result, any Error>?>(nil)
    let doorbell = Doorbell()
}
