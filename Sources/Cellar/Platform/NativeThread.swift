import CCellar
import Glibc

/// A plain thread. Not a task and not a Dispatch queue, because those never run again in a forked child, and because
/// a robust mutex belongs to one thread for as long as it is held.
struct NativeThread: @unchecked Sendable {
    private let handle: pthread_t

    /// Starts a thread with every signal blocked, so that the program's signal handlers never run on it.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(StoreError) {
        var previous = sigset_t()
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                let body = unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
                unsafe cellar_thread_set_name(body.name)
                body.run()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            unsafe box.release()
            throw .system("start a thread", result)
        }
        handle = thread
    }

    /// Waits for the thread's end. At most one call.
    func join() { pthread_join(handle, nil) }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}

/// A counting semaphore between threads of this process.
@safe final class ThreadSemaphore: @unchecked Sendable {
    private let native: UnsafeMutablePointer<sem_t>

    init() {
        unsafe native = .allocate(capacity: 1)
        unsafe sem_init(native, 0, 0)
    }

    deinit {
        unsafe sem_destroy(native)
        unsafe native.deallocate()
    }

    func signal() { unsafe sem_post(native) }

    func wait() { while unsafe sem_wait(native) != 0 {} }
}
