extension Store {
    /// The pipe `name`: the one that is there, or a new one with a ring of `capacity` bytes each way, up to a multiple of 64.
    /// A pipe is in memory only.
    ///
    /// Throws `.mismatch`, saying both sides, if it has another capacity or is no pipe; `.invalidName`; `.memoryFull`;
    /// `.limitReached` for more than 4 GiB.
    public func pipe(_ name: String, capacity: Int) throws(StoreError) -> SharedPipe {
        precondition(capacity > 0, "a pipe's capacity is at least 1")
        guard let rounded = PipeShape.rounded(capacity) else {
            throw StoreError(
                .limitReached, "a pipe of \(capacity) bytes is too large: \(PipeShape.mostCapacity) is the most")
        }
        return try pipe(name, PipeShape(capacity: rounded))
    }

    /// The pipe `name`, of whatever capacity, which must be there: `.noSuchCell` otherwise.
    public func pipe(_ name: String) throws(StoreError) -> SharedPipe { try pipe(name, nil) }

    private func pipe(_ name: String, _ wanted: PipeShape?) throws(StoreError) -> SharedPipe {
        let cell = try attachment.structure(name, wanted?.form, .volatile, kind: .pipe) { form in
            wanted == nil || form == wanted?.form
        }
        guard let shape = PipeShape(parsing: cell.form.text) else {
            throw cell.segment.corrupt("the pipe '\(name)' cannot be what it is said to be")
        }
        return SharedPipe(cell, shape)
    }
}
