import CCellar

extension Segment {
    /// The barrier of whoever changes a mark and then reads what writers wrote: a checkpoint that took marks, a watcher
    /// that armed. Pairs with the compiler fence, or full fence, of every writer.
    func passBarrier() throws(StoreError) {
        if word(CELLAR_HEADER_FLAGS).relaxed() & SegmentFlags.writersFence != 0 {
            MemoryBarrier.full()
        } else if !MemoryBarrier.expedited() {
            throw StoreError(
                .systemFailure,
                "the kernel refused a membarrier it allowed before: no checkpoint is safe, and nobody can wait for changes"
            )
        }
    }
}
