extension QueueCore {
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

    /// Nothing for who does not wait; an error for who has.
    @usableFromInline
    func nothingCame(_ patience: QueuePatience) throws(StoreError) {
        if !patience.isNone { throw stayedEmpty }
    }

    @usableFromInline
    var stayedUnfinished: StoreError {
        StoreError(
            .timedOut,
            "not all items of the queue '\(cell.name)' were done in time: does every get have its taskDone, and every lease "
                + "its acknowledge?")
    }

    /// What codecs say of bytes from tables, said of a queue's. What a program's own codec throws stays as it is.
    @usableFromInline
    func badElement(_ error: StoreError) -> StoreError {
        guard error.code == .corruptDatabase else { return error }
        return StoreError(
            .invalidValue,
            "the queue '\(cell.name)' has an element that is no '\(shape.element)': its memory is damaged")
    }

    @usableFromInline
    var wrongSize: StoreError { memory.damaged("named '\(cell.name)' has an element of another size than its type's") }
}
