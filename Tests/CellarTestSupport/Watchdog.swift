import Glibc
import Synchronization

/// A deadline that ends a test instead of letting it hang: when it passes, the handler (which ends the test's workers)
/// runs; a body that does not return even then takes the whole test run with it, saying which one it was.
public final class Watchdog: Sendable {
    public struct Expired: Error, CustomStringConvertible {
        public let description: String
    }

    private enum State { case armed, expired, done }
    private final class Shared: Sendable {
        let state = Mutex(State.armed)
        let pipe: (read: Int32, write: Int32)
        init() {
            guard let ends = socketPair() else { fatalError("socketpair: \(errno)") }
            pipe = ends
        }
        deinit {
            close(pipe.read)
            close(pipe.write)
        }
    }

    private static let grace: Int32 = 20
    private let shared = Shared()
    private let what: String
    private let seconds: Int

    init(seconds: Int, _ what: String, expired: @escaping @Sendable () -> Void) {
        self.what = what
        self.seconds = seconds
        let shared = shared
        Self.thread {
            if Self.waitDone(shared, seconds: Int32(seconds)) { return }
            shared.state.withLock { if $0 == .armed { $0 = .expired } }
            Self.say("watchdog: \(what) took more than \(seconds) s; its workers are ended\n")
            expired()
            if Self.waitDone(shared, seconds: Self.grace) { return }
            Self.say("watchdog: \(what) hangs\n")
            abort()
        }
    }

    /// Ends the watch; throws if the deadline had passed.
    func finish() throws {
        let expired = shared.state.withLock { state in
            let was = state
            state = .done
            return was == .expired
        }
        var byte: UInt8 = 1
        unsafe write(shared.pipe.write, &byte, 1)
        if expired { throw Expired(description: "\(what) took more than \(seconds) s") }
    }

    private static func waitDone(_ shared: Shared, seconds: Int32) -> Bool {
        var waiting = pollfd(fd: shared.pipe.read, events: Int16(POLLIN), revents: 0)
        while true {
            let result = unsafe poll(&waiting, 1, seconds * 1000)
            if result < 0, errno == EINTR { continue }
            return result > 0
        }
    }

    private static func say(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { _ = unsafe write(2, $0.baseAddress!, $0.count) }
    }

    static func thread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Box(body))
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                unsafe Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        precondition(result == 0, "pthread_create: \(result)")
        pthread_detach(thread)
    }
}
