/// How long to wait: looked at only where there is something to wait for.
@usableFromInline
enum QueuePatience {
    case none, forever
    case upTo(Duration)

    @inlinable @inline(__always)
    init(_ timeout: Duration?) {
        if let timeout { self = .upTo(timeout) } else { self = .forever }
    }

    var isNone: Bool {
        if case .none = self { return true }
        return false
    }

    var deadline: Int64 {
        switch self {
        case .none: 0
        case .forever: MonotonicClock.never
        case .upTo(let timeout): MonotonicClock.deadline(after: timeout)
        }
    }
}
