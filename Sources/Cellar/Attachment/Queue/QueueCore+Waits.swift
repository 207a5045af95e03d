extension QueueCore {
    /// When a wait of so long ends; nil = never.
    @usableFromInline
    func deadline(_ timeout: Duration?) -> Int64 {
        timeout.map { max(MonotonicClock.deadline(after: $0), 1) } ?? MonotonicClock.never
    }

    @usableFromInline
    func sync() throws(StoreError) {
        guard !cell.isVolatile else {
            throw StoreError(
                .mismatch, "the queue '\(cell.name)' is volatile, and never on disk: make a persistent one to sync it")
        }
        try attachment.sync(timeout: .seconds(30))
    }

    @usableFromInline
    var stayedFull: StoreError {
        StoreError(.timedOut, "the queue '\(cell.name)' stayed full (\(shape.capacity) items): is anybody consuming?")
    }

    @usableFromInline
    var stayedEmpty: StoreError {
        StoreError(.timedOut, "nothing came in the queue '\(cell.name)': wait longer, or see who should put something")
    }

    @usableFromInline
    var stayedUnfinished: StoreError {
        StoreError(
            .timedOut,
            "not all items of the queue '\(cell.name)' were done in time: does every get have its taskDone, and every lease "
                + "its acknowledge?")
    }

    @usableFromInline
    var wrongSize: StoreError { memory.damaged("named '\(cell.name)' has an element of another size than its type's") }
}
