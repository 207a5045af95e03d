import Glibc

/// The signals by which people end a program, taken at places of its own choosing.
enum TerminatingSignals {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]

    /// From here on they wait until they are asked for. Threads and processes started later begin so, too.
    static func block() {
        var set = set
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    static func unblock() {
        var set = set
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Sleeps; throws `EndedBySignal` at once when one of them arrives, or has arrived before.
    static func sleep(_ duration: Duration) throws {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var set = set
        let number = unsafe sigtimedwait(&set, nil, &time)
        if number > 0 { throw EndedBySignal(signal: number) }
    }

    /// Throws `EndedBySignal` if one of them has arrived.
    static func check() throws { try sleep(.zero) }

    private static var set: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }
}
