import CCellar

extension SegmentCheck {
    /// The catalogue's lock and what its holder was at, the checkpointing role, the processes.
    mutating func checkLocks() {
        let catalogue = unsafe RobustMutex(segment.fixed(CELLAR_HEADER_ALLOCATION))
        if !catalogue.isSound { note(.damaged, "locks", "the catalogue's lock is no lock") }
        let intent = Intent(segment: segment)
        guard let operation = intent.operation else {
            return note(.damaged, "locks", "what was being done to the catalogue is of no known kind")
        }
        if operation != .none, !catalogue.isHeld {
            note(.unfinished, "locks", "a process died while it changed what cells there are (\(operation))")
        }
        let role = unsafe RobustMutex(segment.fixed(CELLAR_HEADER_CHECKPOINT))
        if !role.isSound { note(.damaged, "locks", "the lock of the checkpointing role is no lock") }
        if role.isAbandoned {
            note(.unfinished, "locks", "the process that wrote checkpoints died; nobody took over yet")
        }
        checkTransactions()
        checkProcesses()
    }

    private mutating func checkTransactions() {
        let area = TransactionArea(segment: segment)
        if !area.lock.isSound { note(.damaged, "transactions", "their lock is no lock") }
        guard area.state != nil else {
            return note(.damaged, "transactions", "what was being done is of no known kind")
        }
        let isUnfinished = area.isUnfinished || area.lock.isAbandoned
        if isUnfinished, !area.lock.isHeld { note(.unfinished, "transactions", "a process died in one") }
        for (offset, size, what) in [
            (area.record, area.recordCapacity, "the record of a transaction"),
            (area.touched, area.touchedCapacity, "the list of what transactions changed"),
        ] where offset.acquire() != 0 {
            claim(Block(offset: offset.acquire(), size: size.acquire()), what)
        }
        count("transactions", Int(clamping: area.touchedCount(0).acquire()), "pieces for the next checkpoint")
    }

    private mutating func checkProcesses() {
        let table = ProcessTable(segment: segment)
        let attachments = table.attachments()
        for attachment in attachments where !attachment.isAlive {
            note(
                .unfinished, "processes",
                "process \(attachment.processID) (\(attachment.name)) died while it had the store open")
        }
        for slot in 0..<Int(CELLAR_PROCESS_SLOTS) where !table.isSound(slot) {
            note(
                .damaged, "processes",
                "slot \(slot) of the process table is neither free nor in use, or its lock is no lock")
        }
        count("processes", attachments.count, "attachments")
    }
}
