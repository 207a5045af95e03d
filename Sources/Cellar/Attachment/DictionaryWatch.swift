/// A dictionary as something that changes: by the count in its mark. As long as a version is current, the mark is armed.
struct DictionaryWatch: VersionedWatch {
    let attachment: Attachment
    let reference: DictionaryReference

    var count: SharedFutex { reference.mark.watch.futex }

    func checkThere() throws(StoreError) { if reference.cell.state == .removed { throw attachment.removedError } }

    /// The version now: of what is read after this, no change is missed.
    func version() throws(StoreError) -> CellVersion {
        try checkWatchable()
        let count = reference.mark.watch.arm()
        // Between arming and looking; pairs with the fence of every writer between changing and looking at the mark.
        try reference.segment.passBarrier()
        return CellVersion(firstChunk: 0, numbers: [UInt64(count)])
    }

    func isCurrent(_ version: CellVersion) -> Bool { version.numbers == [UInt64(reference.mark.watch.count)] }

    func seemsCurrent(_ version: CellVersion, at count: UInt32) -> Bool { isCurrent(version) }

    func prepareToSleep() {}
}

extension DictionaryCore {
    /// Throws `.readOnly` in a process that only looks: it is not told of changes.
    func watch() throws(StoreError) -> DictionaryWatch {
        guard case .memory(let reference) = place, attachment.canArm else { throw attachment.readOnlyError }
        return DictionaryWatch(attachment: attachment, reference: reference)
    }
}
