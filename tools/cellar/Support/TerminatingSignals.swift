import Glibc

/// Signals that a program takes at places of its own choosing.
struct SignalSet {
    private var set: sigset_t

    init(_ numbers: [Int32]) {
        set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
    }

    /// From here on they wait until they are asked for. Threads and processes started later begin so, too.
    func block() {
        var set = set
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    func unblock() {
        var set = set
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// One that has arrived, or arrives within this time; nil if none does.
    func next(within duration: Duration) -> Int32? {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var set = set
        let number = unsafe sigtimedwait(&set, nil, &time)
        return number > 0 ? number : nil
    }
}

/// The signals by which people end a program, taken at places of its own choosing.
enum TerminatingSignals {
    static let numbers = [SIGINT, SIGTERM, SIGHUP]
    private static var set: SignalSet { SignalSet(numbers) }

    /// From here on they wait until they are asked for. Threads and processes started later begin so, too.
    static func block() { set.block() }

    static func unblock() { set.unblock() }

    /// Sleeps; throws `EndedBySignal` at once when one of them arrives, or has arrived before.
    static func sleep(_ duration: Duration) throws {
        if let number = set.next(within: duration) { throw EndedBySignal(signal: number) }
    }

    /// Throws `EndedBySignal` if one of them has arrived.
    static func check() throws { try sleep(.zero) }
}
