import CLMDB
import Glibc

extension Database {
    /// Writes the newest snapshot to an empty file, without the pages that are free, and flushes it.
    ///
    /// Nobody waits for it: the snapshot is read by an environment of its own, so that the map of this one can grow meanwhile,
    /// while a reader's slot of this one keeps its pages. A database that only looks has no such slot: then the copy is made
    /// again if pages may have been used anew meanwhile.
    func copyNewest(to file: FileDescriptor, _ report: (Int) throws(StoreError) -> Void) throws(StoreError) {
        try gate.enterCopy()
        defer { gate.leaveCopy() }
        guard access == .readWrite else { return try copyLooking(to: file, report) }
        let keeper = try beginKeeping()
        defer { keeper.abort() }
        _ = try DatabaseCopy(directory: directory, file: file).run(report)
    }

    private func copyLooking(
        to file: FileDescriptor, _ report: (Int) throws(StoreError) -> Void
    ) throws(StoreError) {
        for _ in 0..<4 {
            guard ftruncate(file.number, 0) == 0, lseek(file.number, 0, SEEK_SET) == 0 else {
                throw .system("empty the copy", errno)
            }
            if try DatabaseCopy(directory: directory, file: file).run(report) { return }
        }
        throw StoreError(
            .timedOut,
            "cannot copy the store '\(directory)' without permission to write it: it changes faster than it can be copied; "
                + "let its owner do it")
    }

    /// A read that sees nothing, for the sake of its slot: it may stay when the map grows.
    private func beginKeeping() throws(StoreError) -> RawTransaction {
        while true {
            try gate.enter()
            let raw: RawTransaction?
            do throws(StoreError) { raw = try begin(.reading) } catch {
                gate.leave()
                throw error
            }
            gate.leave()
            if let raw { return raw }
            try adoptMapSize()
        }
    }

    /// Bytes that a copy will have, roughly.
    func copiedByteCount() throws(StoreError) -> Int {
        let statistics = try statistics()
        return max(statistics.lastPage + 1 - statistics.freePages, 2) * statistics.pageSize
    }
}
