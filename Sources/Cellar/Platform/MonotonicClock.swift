import Glibc

/// Times in nanoseconds.
@usableFromInline
enum MonotonicClock {
    /// Time since boot, without suspension.
    @usableFromInline
    static func now() -> Int64 { read(CLOCK_MONOTONIC) }

    /// The same clock at the kernel's tick (1–4 ms), several times cheaper to read; in milliseconds, wrapping at 2³².
    @usableFromInline
    static func coarseMilliseconds() -> UInt32 { UInt32(truncatingIfNeeded: read(CLOCK_MONOTONIC_COARSE) / 1_000_000) }

    /// The same as a time that does not wrap around.
    static func coarse() -> Int64 { read(CLOCK_MONOTONIC_COARSE) }

    /// Wall clock since 1970 at the kernel's tick, in milliseconds.
    static func coarseWallMilliseconds() -> UInt64 { UInt64(read(CLOCK_REALTIME_COARSE) / 1_000_000) }

    /// Wall clock since 1970.
    static func wall() -> UInt64 { UInt64(read(CLOCK_REALTIME)) }

    /// A time that never comes.
    static let never = Int64.max / 4

    /// The deadline `timeout` from now; far in the future for what does not fit.
    @usableFromInline
    static func deadline(after timeout: Duration) -> Int64 {
        let (seconds, attoseconds) = timeout.components
        let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !whole.overflow, whole.partialValue < never else { return never }
        return now() + max(whole.partialValue + attoseconds / 1_000_000_000, 0)
    }

    /// The same; nil is a wait without end.
    @usableFromInline
    static func deadline(after timeout: Duration?) -> Int64 { timeout.map { deadline(after: $0) } ?? never }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what fits.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if whole.overflow { return seconds < 0 ? .min : .max }
        return whole.partialValue.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }
}
