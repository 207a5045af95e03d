/// What has versions to wait after.
protocol VersionedWatch: Watchable where Version == CellVersion {
    /// The version now: of what is read after this, no change is missed.
    func version() throws(StoreError) -> CellVersion
}

extension VersionedWatch {
    /// Waits until there is a version after this one, and returns it; nil if there was none within `timeout`. Blocks.
    func wait(after version: CellVersion, timeout: Duration) throws(StoreError) -> CellVersion? {
        let deadline = MonotonicClock.deadline(after: timeout)
        guard try waitForChange(after: version, until: deadline) else { return nil }
        return try self.version()
    }
}

/// Where a task is that goes from version to version.
struct ChangeCursor<Watch: VersionedWatch> {
    let watch: Watch
    private var last: CellVersion?

    init(_ watch: Watch) { self.watch = watch }

    /// The version now, the first time; then that after the next change; nil when the task is cancelled, or what is watched
    /// removed, or the store closed.
    mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> CellVersion? {
        do throws(StoreError) {
            if let last, try await !watch.waitForChange(after: last) { return nil }
            last = try watch.version()
            return last
        } catch {
            if error.code == .removed || error.code == .closed { return nil }
            throw error
        }
    }
}
